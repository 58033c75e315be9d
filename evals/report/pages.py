"""The two pages of one report."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from evals.figures.markdown import table
from evals.figures.records import Records
from evals.report.ablated import ablations
from evals.report.compared import ranking
from evals.report.content import Disagreement, Section, Table
from evals.report.disagreements import disagreements
from evals.report.drifted import drift
from evals.report.origin import checkpoints, contestants, environment, origin
from evals.report.paper import read_paper
from evals.report.published import published
from evals.report.world import accuracy, attention, position, search, speed

TITLE = "Compared"
HTML, MARKDOWN = "page.html.j2", "page.md.j2"


def sections(records: Records) -> list[Section]:
    """All of it, in order."""
    return [
        ranking(records),
        disagreements(records),
        *ablations(records),
        position(records),
        drift(records),
        attention(records),
        accuracy(records),
        search(records),
        speed(records),
        published(records),
        contestants(records),
        origin(records),
    ]


def render(records: Records, template: str) -> str:
    """One page; every text in the HTML one is escaped, and it needs no other file."""
    found = {
        "title": TITLE, "checkpoints": checkpoints(records), "sections": sections(records),
        "environment": environment(records), "paper": read_paper(),
    }  # fmt: skip
    return _environment().get_template(template).render(found).rstrip() + "\n"


@cache
def _environment() -> Environment:
    environment_ = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment_.filters |= {"markdown_table": _markdown, "svg": Markup, "code": _code, "plain": _plain}
    environment_.filters["requirements_table"] = _requirements
    return environment_


def _code(text: str) -> Markup:
    """Plain text with `commands` set off."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(one) if place % 2 else one for place, one in enumerate(pieces)
    )


def _markdown(found: Table) -> str:
    rows = [
        tuple(f"**{cell}**" for cell in row) if place in found.bold else row for place, row in enumerate(found.rows)
    ]
    return _plain(table(found.columns, rows))


def _requirements(found: Disagreement) -> str:
    """Every requirement by the name that the expression has for it, with what yofo says of both pictures."""
    rows = [
        (f"r{place}", text, p_yes, other)
        for place, ((text, p_yes), (_, other)) in enumerate(
            zip(found.pictures[0].facts, found.pictures[1].facts, strict=True), start=1
        )
    ]
    return _plain(table(("", "requirement", "first, p_yes of yofo", "second, p_yes of yofo"), rows))


def _plain(text: str) -> str:
    """Markdown without tags: what looks like one is text."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
