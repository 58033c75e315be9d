"""The page itself, in Gradio: what stands where, and which event calls which handler."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr

from yofo_rerank.demo.actions import Engine
from yofo_rerank.demo.cards import ranked_cards, retriever_cards
from yofo_rerank.demo.handlers import Handlers, add_row
from yofo_rerank.demo.session import MAX_WISHES, Session
from yofo_rerank.requirements import MAX_QUERY_CHARS, MAX_REQUIREMENT_CHARS
from yofo_rerank.scoring import RULES

EXAMPLES = ("a midi or long dress, not pink, for an evening event", "a hooded top, preferably grey")
_ON_CLICK = """element.addEventListener('click', event => {
  const chip = event.target.closest('button.chip');
  if (chip) trigger('click', {document: Number(chip.dataset.document), requirement: Number(chip.dataset.requirement)});
});"""
_REMEMBER = "state => { history.replaceState(null, '', '?search=' + encodeURIComponent(state)); }"
_REVEAL = "() => { if (innerWidth < 900) document.querySelector('#evidence').scrollIntoView({block: 'center'}); }"
_CSS = """.gradio-container { max-width: 1500px !important; }
@media (max-width: 900px) { .wish, .stages { flex-wrap: wrap; } }"""


@dataclass(frozen=True)
class _Row:
    """A requirement: the row itself and its three controls."""

    row: gr.Row
    text: gr.Textbox
    necessity: gr.Radio
    weight: gr.Slider

    @property
    def controls(self) -> list[Any]:
        return [self.text, self.necessity, self.weight]


def build(engine: Engine, folder: Path) -> gr.Blocks:
    """The page over two stages; files for download go into `folder`."""
    do = Handlers(engine, folder)
    with gr.Blocks(title="yofo_rerank", analytics_enabled=False) as page:
        session, ranking, address = gr.State(Session()), gr.State(None), gr.Textbox(visible="hidden")
        query, search, stop = _sentence(engine.name)
        status = gr.Markdown("", elem_id="status")
        rows = [_row(number) for number in range(MAX_WISHES)]
        add, rule = _below_the_rows()
        with gr.Row(elem_classes="stages"):
            with gr.Column(scale=3, min_width=300):
                before = _cards("The retriever's order", "before", retriever_cards(Session()))
            with gr.Column(scale=3, min_width=300):
                after = _cards("Our order", "after", ranked_cards(None))
            with gr.Column(scale=2, min_width=260):
                shown, said, own, save, saved = _side()
        board = [session, ranking, before, after, status, address]
        controls = [control for row in rows for control in row.controls]
        everything = [part for row in rows for part in (row.row, *row.controls)]

        edits = [
            event for row in rows for event in (row.text.submit, row.text.blur, row.necessity.input, row.weight.input)
        ]
        work = [
            gr.on(
                [search.click, query.submit], do.start, [query, rule], [*board, *everything], show_progress="minimal"
            ),
            gr.on(
                [*edits, rule.input],
                do.change,
                [session, rule, *controls],
                board,
                show_progress="hidden",
                trigger_mode="always_last",
            ),
            own.upload(do.take, [session, own, rule, *controls], board, show_progress="minimal"),
            page.load(do.restore, None, [query, rule, *everything]).then(do.resume, [query, rule, *controls], board),
        ]
        stop.click(lambda: "stopped", None, status, cancels=work)
        add.click(add_row, controls, [row.row for row in rows], show_progress="hidden")
        after.click(do.explain, [session, ranking], [shown, said]).then(None, None, None, js=_REVEAL)
        save.click(do.save, ranking, saved)
        address.change(None, address, None, js=_REMEMBER)
    return page


@contextmanager
def serving(engine: Engine, *, host: str = "127.0.0.1", port: int | None = None) -> Iterator[str]:
    """Serve the page within the block, at the address that it yields; what it wrote is gone afterwards.

    Uploads go into the same temporary folder, which Gradio is told in the environment of this process.
    """
    with tempfile.TemporaryDirectory(prefix="yofo-demo-") as folder, _environment("GRADIO_TEMP_DIR", folder):
        page = build(engine, Path(folder))
        _, address, _ = page.queue(default_concurrency_limit=4).launch(
            server_name=host, server_port=port, prevent_thread_lock=True, quiet=True, css=_CSS, max_file_size="20mb",
            allowed_paths=[folder], footer_links=[], ssr_mode=False, share=False,
        )  # fmt: skip
        try:
            yield address
        finally:
            page.close(verbose=False)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """A variable of the environment within the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _sentence(judge: str) -> tuple[gr.Textbox, gr.Button, gr.Button]:
    gr.Markdown(
        f"# yofo_rerank\nEvery requirement of a sentence, judged in one forward pass per product, by `{judge}`."
    )
    with gr.Row():
        query = gr.Textbox(label="What are you looking for?", scale=5, elem_id="query", max_length=MAX_QUERY_CHARS)
        search = gr.Button("Search", variant="primary", elem_id="search", scale=1, min_width=120)
        stop = gr.Button("Stop", elem_id="stop", scale=1, min_width=80)
    gr.Examples([[example] for example in EXAMPLES], [query])
    return query, search, stop


def _row(number: int) -> _Row:
    with gr.Row(visible=False, elem_classes="wish", elem_id=f"wish-{number}") as row:
        text = gr.Textbox(label=f"r{number + 1}", scale=4, min_width=160, max_length=MAX_REQUIREMENT_CHARS)
        necessity = gr.Radio(["must", "should", "off"], value="must", label="necessity", scale=3, min_width=230)
        weight = gr.Slider(0.1, 3, value=1, step=0.1, label="weight", scale=2, min_width=160)
    return _Row(row, text, necessity, weight)


def _below_the_rows() -> tuple[gr.Button, gr.Dropdown]:
    with gr.Row():
        add = gr.Button("Add a requirement", elem_id="add", scale=1)
        names = [name for name in RULES if name != "expression"]
        label = "Rule; or an expression, such as = r1 and not r2"
        rule = gr.Dropdown(names, value=names[0], label=label, allow_custom_value=True, elem_id="rule", scale=3)
    return add, rule


def _cards(title: str, name: str, html: str) -> gr.HTML:
    gr.Markdown(f"## {title}")
    style = (files("yofo_rerank.demo") / "cards.css").read_text(encoding="utf-8")
    return gr.HTML(html, elem_id=name, css_template=style, js_on_load=_ON_CLICK, apply_default_css=False)


def _side() -> tuple[gr.Image, gr.Markdown, gr.Image, gr.Button, gr.Files]:
    gr.Markdown("## Where from?\nClick a chip. Violet speaks for yes, amber against.")
    shown = gr.Image(label="Evidence", type="pil", interactive=False, elem_id="evidence", buttons=[])
    said = gr.Markdown("", elem_id="said")
    gr.Markdown("## A picture of your own\nIt joins the candidates, and is kept in a temporary folder alone.")
    own = gr.Image(type="pil", sources=["upload"], label="Your picture", elem_id="own")
    save = gr.Button("Export CSV, JSON and a page", elem_id="export")
    return shown, said, own, save, gr.Files(label="Files", interactive=False, elem_id="files")
