"""What a report consists of, before it is a page: sections with tables, plots, pictures and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of text under columns; `source` says whose figures they are."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str
    note: str = ""
    bold: frozenset[int] = frozenset()  # rows to stand out

    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Plot:
    """A drawing as SVG, and what it shows in words."""

    title: str
    svg: str
    description: str
    source: str

    kind: str = field(default="plot", init=False)


@dataclass(frozen=True)
class Absent:
    """Something that has not been measured, and the command that does."""

    title: str
    message: str

    kind: str = field(default="absent", init=False)


@dataclass(frozen=True)
class Picture:
    """One of the two documents of a disagreement: the picture, and what was said of it."""

    image: str  # data: URI; empty where it cannot be drawn
    better: bool
    facts: tuple[tuple[str, str], ...]  # (requirement, p_yes)


@dataclass(frozen=True)
class Disagreement:
    """A pair that systems order differently, with the scores of all."""

    query: str
    expression: str  # over the requirements, in order
    pictures: tuple[Picture, Picture]
    scores: tuple[tuple[str, str, str, bool], ...]  # (system, first, second, whether right); "failed" for no score
    source: str

    kind: str = field(default="disagreement", init=False)


Part = Table | Plot | Absent | Disagreement


@dataclass(frozen=True)
class Section:
    """One heading, a sentence below it, and its parts."""

    id: str
    title: str
    text: str
    parts: Sequence[Part]

    @property
    def shown(self) -> list[Part]:
        """The parts; those that are absent for one reason as one, after the others."""
        titles: dict[str, list[str]] = {}
        for part in self.parts:
            if isinstance(part, Absent):
                titles.setdefault(part.message, []).append(part.title)
        there: list[Part] = [part for part in self.parts if not isinstance(part, Absent)]
        return there + [Absent(", ".join(names), message) for message, names in titles.items()]
