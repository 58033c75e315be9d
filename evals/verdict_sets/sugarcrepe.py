"""SugarCrepe (NeurIPS 2023): a caption of a picture, and one that differs in a detail and does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, MissingData, Origin, field
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document

KINDS = ("add_*.json", "replace_*.json", "swap_*.json")


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each picture of each file; the pictures are COCO's, in images/ or val2017/."""
    images = origin.find(source, "images", "val2017")
    folder = images.parent / "data" if (images.parent / "data").is_dir() else images.parent
    files = sorted(path for kind in KINDS for path in folder.glob(kind))
    if not files:
        raise MissingData(f"{str(folder)!r} holds no add_*.json, replace_*.json or swap_*.json; {origin.describe()}")
    for path in files:
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise BadData(f"{path}: {error}") from error
        for key, row in rows.items():
            id_ = f"{path.stem}/{key}"
            true, false = field(row, path, "caption"), field(row, path, "negative_caption")
            asked = (Asked(true, answer=True), Asked(false, answer=False))
            yield Sample(id_, Document(image=images / field(row, path, "filename"), id=id_), asked, path.stem)
