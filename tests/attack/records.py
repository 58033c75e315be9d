"""Data and what is shown of it: documents, metadata, configuration files, the page, the terminal."""

from __future__ import annotations

import io
import json
import random
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.attack import words
from tests.attack.entry import Entry, LetIn
from yofo_rerank.errors import ConfigError, DocumentError

CONFIG = (
    "model: mini\ntrain_file: train.jsonl\noutput_dir: run\nepochs: 2\nlora: {rank: 8, alpha: 16}\nmax_length: 512\n"
)
HOSTILE_YAML = [
    "&a [*a]",
    "!!python/object/apply:os.system ['x']",
    "{" * 2000,
    "2024-99-99",
    "9" * 5000,
    "<<: *x",
    "\0",
    "? [",
]


def _value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(12 if depth < 5 else 8)
    if kind > 9:
        return {
            words.text(rng) if rng.random() < 0.9 else rng.choice([1, None]): _value(rng, depth + 1) for _ in range(3)
        }
    if kind > 7:
        return [_value(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    odd = [
        None,
        True,
        rng.randrange(10),
        1.5,
        words.text(rng),
        words.text(rng),
        rng.choice([float("nan"), float("inf"), 10**5000]),
    ]
    return [*odd, rng.choice(["\ud800", b"x", {1}, object()])][kind]


def check_document(fields: Any, folder: Path) -> None:
    """Refused with a code, or a document that is JSON and equals itself read again."""
    from yofo_rerank.documents import Document, as_document

    try:
        document = as_document(fields)
    except DocumentError:
        return
    data = json.loads(json.dumps(document.to_dict()))
    again = Document(text=document.text, image=document.image, id=data["id"], metadata=data["metadata"])
    if again.to_dict() != document.to_dict() and "NaN" not in json.dumps(data):
        raise LetIn("a document that changes on the way")
    repr(document)


def make_document(rng: random.Random) -> Any:
    """A dict of fields, or anything instead."""
    if rng.random() < 0.2:
        return rng.choice([_value(rng), io.BytesIO(rng.randbytes(4)), rng.randbytes(8), Path("a"), words.text(rng)])
    fields = {"image": _value(rng), "text": _value(rng), "id": _value(rng), "metadata": _value(rng), "x": 1}
    likely = {"text": words.text(rng), "metadata": {words.text(rng): _value(rng)}}
    return likely | {name: fields[name] for name in rng.sample(list(fields), rng.choice([0, 0, 0, 1, 2]))}


def make_config(rng: random.Random) -> bytes:
    """Nearly a configuration."""
    lines = CONFIG.splitlines()
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        name, _, value = lines[at].partition(":")
        hostile = rng.choice([*HOSTILE_YAML, words.text(rng), value])
        lines[at] = f"{name if rng.random() < 0.8 else words.text(rng)}: {hostile}"
    data = "\n".join(lines).encode()
    return data if rng.random() < 0.5 else words.mutated(rng, data)


def check_config(data: bytes, folder: Path) -> None:
    """A configuration, or one short ConfigError."""
    from yofo_rerank.training.config import TrainConfig

    path = folder / "run.yaml"
    path.write_bytes(data)
    try:
        TrainConfig.load(path)
    except ConfigError as error:
        if len(str(error)) > 5000:
            raise LetIn(f"a message of {len(str(error))} characters") from error


class _Watch(HTMLParser):
    """What a browser would run, load or follow."""

    allowed = frozenset(
        [
            "http-equiv",
            "content",
            "name",
            "charset",
            "lang",
            "class",
            "style",
            "alt",
            "src",
            "width",
            "height",
            "id",
            "scope",
            "hidden",
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in ("script", "iframe", "object", "embed", "link", "base", "form") else []
        for name, value in attrs:
            is_loud = name.startswith("on") or (
                name in ("src", "href") and not (value or "").startswith(("data:image/webp", "#"))
            )
            self.found += [f"{tag} {name}={value}"] if is_loud else []


def _ranking(rng: random.Random) -> Any:
    from yofo_rerank import DecomposedQuery, Document, Judgement, RankedDocument, Ranking, Requirement
    from yofo_rerank.requirements import Failure

    def word() -> str:
        return "x" + words.text(rng)[:150]

    items = tuple(Requirement(text=word()) for _ in range(2))
    failure = Failure(code="truncated", message=word())
    judged = tuple(Judgement(requirement=one, p_yes=0.5, verdict=False) for one in items)
    places = [
        RankedDocument(
            document=Document(text=word(), id=word(), metadata={"title": word()}), index=0, score=0.5, judgements=judged
        ),
        RankedDocument(document=Document(text=word(), id=word()), index=1, score=0.0, failure=failure),
    ]
    return Ranking(
        places, query=DecomposedQuery(query=word(), requirements=items, warnings=(word(),)), warnings=(word(),)
    )


def check_page(ranking: Any, folder: Path) -> None:
    """Nothing in the page, or in the table of a notebook, runs, loads or leads away."""
    from yofo_rerank.report import render_page

    for page in (render_page([ranking], details={ranking[0].document.id: ranking.query.query}), ranking._repr_html_()):
        watch = _Watch()
        watch.feed(page)
        if watch.found:
            raise LetIn(f"the page holds {watch.found[0][:200]}")


def check_terminal(ranking: Any, folder: Path) -> None:
    """The table is text: no control character, and no markup that was obeyed."""
    from rich.console import Console

    from yofo_rerank.report import ranking_table

    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    console.print(ranking_table(ranking))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    if any(not char.isprintable() and char != "\n" for char in said):
        raise LetIn("a control character")
    if ("[bold]" in ranking.query.query[:100]) > ("[bold]" in said):
        raise LetIn("markup was obeyed")


ENTRIES = [
    Entry("documents", "documents, metadata and plain inputs", make_document, check_document, per_second=600),
    Entry("configuration", "training YAML", make_config, check_config, per_second=10, from_bytes=bytes),
    Entry("page", "the HTML page and the notebook's table", _ranking, check_page, per_second=260),
    Entry("terminal", "the table in a terminal", _ranking, check_terminal, per_second=110),
]
