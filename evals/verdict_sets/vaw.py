"""VAW (CVPR 2021): attributes that things in Visual Genome's pictures have, and such that they have not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.data_sets import BadData, Origin, field
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document

FOLDERS = ("VG_100K", "VG_100K_2")  # the makers' own images/ holds a picture of their page alone


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each thing: its own part of the picture, and what is said of it."""
    path = origin.find(source, "test.json", "data/test.json", "val.json", "data/val.json")
    first = origin.find(source, *FOLDERS)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadData(f"{path}: {error}") from error
    for row in rows:
        sample = _sample(row, path, first.parent)
        if sample.asked:
            yield sample


def _sample(row: dict[str, Any], path: Path, folder: Path) -> Sample:
    name = field(row, path, "object_name")
    left, top, width, height = field(row, path, "instance_bbox")
    asked = [Asked(f"the {name} is {one}", answer=True) for one in row.get("positive_attributes") or []]
    asked += [Asked(f"the {name} is {one}", answer=False) for one in row.get("negative_attributes") or []]
    file = f"{field(row, path, 'image_id')}.jpg"
    image = next((at for one in FOLDERS if (at := folder / one / file).is_file()), folder / FOLDERS[0] / file)
    id_ = str(field(row, path, "instance_id"))
    box = (left, top, left + width, top + height)
    return Sample(id_, Document(image=image, id=id_), tuple(asked), str(name), box)
