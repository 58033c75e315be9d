"""NegBench: four captions of a picture, of which one is true; what is denied is there, or what is claimed is absent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, MissingData, Origin
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each row of every `*_mcq*.csv`; a picture's path is one inside the folder, or absolute."""
    folder = origin.find(source, "images", ".").resolve()
    files = sorted(folder.glob("*_mcq*.csv")) or sorted(folder.parent.glob("*_mcq*.csv"))
    if not files:
        raise MissingData(f"{str(source)!r} holds no images/*_mcq*.csv; {origin.describe()}")
    for path in files:
        yield from _rows(path, Path(source or "."))


def _rows(path: Path, folder: Path) -> Iterator[Sample]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            captions = [text for name, text in row.items() if name and name.startswith("caption_") and text]
            image = row.get("image_path") or row.get("filepath")
            right = row.get("correct_answer", "")
            if not image or not right.isdigit() or int(right) >= len(captions):
                wanted = "image_path or filepath, caption_0, ... and the number of the correct_answer"
                raise BadData(f"{path}: row {number}: wanted {wanted}, but got {dict(row)}")
            asked = tuple(Asked(text, place == int(right)) for place, text in enumerate(captions))
            id_ = f"{path.stem}/{number}"
            document = Document(image=folder / image, id=id_)
            yield Sample(id_, document, asked, row.get("correct_answer_template") or "")
