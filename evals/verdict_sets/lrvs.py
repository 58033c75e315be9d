"""Pairs of one category with a customer's query, as the builder writes them: what Err_rank is measured on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, Origin, field, json_lines
from evals.verdict_sets.record import Pair
from yofo_rerank import Document

SIDES = ("first", "second")


def read(origin: Origin, source: str | Path | None) -> Iterator[Pair]:
    """The pairs of pairs.jsonl; their pictures lie beside it, as the file names them."""
    path = origin.find(source, "pairs.jsonl")
    for number, row in enumerate(json_lines(path)):
        better = field(row, path, "better")
        if better not in SIDES:
            raise BadData(f"{path}: pair {number}: better must be first or second, but got {better!r}")
        first, second = (
            Document(image=field(row, path, side), id=f"{number}/{side}", root=path.parent) for side in SIDES
        )
        yield Pair(
            str(number),
            field(row, path, "query"),
            (first, second),
            tuple(field(row, path, "requirements")),
            field(row, path, "expression"),
            SIDES.index(better),
            str(row.get("split") or ""),
        )
