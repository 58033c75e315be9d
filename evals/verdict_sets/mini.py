"""Statements about drawn garments of combinations and in wordings that no training met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import Origin
from evals.mini_accuracy import CONDITIONS, sample_task
from evals.verdict_sets.record import Asked, Sample

DOCUMENTS, SEED = 1000, 9001


def read(_origin: Origin, _source: str | Path | None, *, documents: int = DOCUMENTS) -> Iterator[Sample]:
    """Ten statements about each picture."""
    for document, said in zip(*sample_task(CONDITIONS[0], documents, SEED), strict=True):
        asked = tuple(Asked(one.text, one.answer) for one in said)
        yield Sample(document.id, document, asked)
