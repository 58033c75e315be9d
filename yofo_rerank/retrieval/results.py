"""What the first stage answers: RetrievedDocument, AddReport, Skipped; frozen and JSON-able."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from yofo_rerank.documents import Document


@dataclass(frozen=True)
class RetrievedDocument:
    """A candidate: its cosine similarity to the query (-1..1) and its place, 1 for the best."""

    document: Document
    score: float
    rank: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"document": self.document.to_dict(), "score": self.score, "rank": self.rank}


def filled_up(first: Sequence[RetrievedDocument], rest: Sequence[RetrievedDocument]) -> list[RetrievedDocument]:
    """As many as `rest`: the first ones, then those of the rest that are not among them."""
    there = {one.document.id for one in first}
    others = [one for one in rest if one.document.id not in there]
    found = [*first, *others][: len(rest)]
    return [replace(one, rank=rank) for rank, one in enumerate(found, start=1)]


class Skipped(NamedTuple):
    """A document that was not added, and why (`code` as in `ImageError`)."""

    id: str
    code: str
    message: str


@dataclass(frozen=True)
class AddReport:
    """How many documents were added, which were skipped, and whose text the encoder reads only in part."""

    added: int
    skipped: tuple[Skipped, ...] = ()
    truncated: tuple[str, ...] = ()
