"""Winoground (CVPR 2022): two pictures and two captions of the same words, of which each fits one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import Origin, field, json_lines
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """Two samples for each example, `<id>/0` and `<id>/1`, with both captions in one order."""
    path = origin.find(source, "examples.jsonl", "data/examples.jsonl")
    images = origin.find(path.parent, "images")
    for row in json_lines(path):
        captions = [field(row, path, f"caption_{place}") for place in (0, 1)]
        for place in (0, 1):
            id_ = f"{field(row, path, 'id')}/{place}"
            name = Path(field(row, path, f"image_{place}")).with_suffix(".png").name
            asked = tuple(Asked(caption, place == other) for other, caption in enumerate(captions))
            yield Sample(id_, Document(image=images / name, id=id_), asked, str(row.get("collapsed_tag") or ""))
