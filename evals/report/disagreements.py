"""The worst disagreements, as pictures with every system's score (figure 5 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.figures.records import Missing, Records
from evals.report.content import Absent, Disagreement, Part, Picture, Section
from evals.report.names import shown
from evals.report.parts import source
from evals.suite.steps import TRAINING, command_of
from yofo_rerank.documents import Document
from yofo_rerank.mini.render import render
from yofo_rerank.report.page import thumbnail

SHOWN = 6
FAILED = "failed"  # in place of a score


def disagreements(records: Records) -> Section:
    """The pairs of the record."""
    text = (
        "Pairs on which contestants differ most; in green who puts the better picture first. The pictures are drawn "
        "again from the attributes in the record."
    )
    try:
        found = records.figures("pairs")["disagreements"][:SHOWN]
        message = f"the record 'pairs' has none yet: run `{TRAINING.command}`, then `{command_of('pairs')}`"
    except Missing as missing:
        found, message = [], str(missing)
    parts: list[Part] = [_disagreement(one, source(records, "pairs")) for one in found]
    parts = parts or [Absent("Disagreements", message)]
    return Section("disagreements", "The worst disagreements (figure 5)", text, parts)


def _disagreement(one: Mapping[str, Any], where: str) -> Disagreement:
    first, second = (_picture(one, place) for place in (0, 1))
    scores = tuple(_score(name, found, one["better"]) for name, found in one["scores"].items())
    return Disagreement(one["query"], one["expression"], (first, second), scores, where)


def _score(name: str, found: Sequence[float] | None, better: int) -> tuple[str, str, str, bool]:
    if found is None:
        return shown(name), FAILED, FAILED, False
    first, second = found
    return shown(name), f"{first:.3f}", f"{second:.3f}", (first > second) == (better == 0) and first != second


def _picture(one: Mapping[str, Any], place: int) -> Picture:
    facts = tuple((text, f"{p_yes[place]:.2f}") for text, p_yes in one.get("p_yes", {}).items())
    return Picture(draw(one["garments"][place]), one["better"] == place, facts)


def draw(garment: Mapping[str, Any]) -> str:
    """The picture of a garment as a `data:` URI."""
    from yofo_rerank.mini.attributes import Garment

    image = render(Garment(**garment["attributes"]), garment["look"])
    return thumbnail(Document(image=image)) or ""
