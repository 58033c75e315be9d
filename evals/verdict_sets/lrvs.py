"""Pairs of one category with a customer's query, as the builder writes them: what Err_rank is measured on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, Origin, field, json_lines
from evals.verdict_sets.record import Pair
from yofo_rerank import Document

SIDES = ("first", "second")
TRAINED = "train"


def read(origin: Origin, source: str | Path | None, *, whole: bool = False) -> Iterator[Pair]:
    """The pairs of pairs.jsonl, without those whose pictures `yofo train` learns from unless the whole is wanted.

    Their pictures lie beside the file, as it names them.
    """
    path = origin.find(source, "pairs.jsonl")
    left_out = kept = 0
    for number, row in enumerate(json_lines(path)):
        if row.get("split") == TRAINED and not whole:
            left_out += 1
            continue
        kept += 1
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
    if left_out and not kept:
        raise BadData(f"{path}: all {left_out} pairs are of the training side; wanted validation pairs, or --all-pairs")
