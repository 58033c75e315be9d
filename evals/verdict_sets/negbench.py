"""NegBench: four captions of a picture, of which one is true; what is denied is there, or what is claimed is absent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, MissingData, Origin
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document

FILES = ("COCO_*_mcq*.csv", "VOC*_mcq*.csv")  # the makers' images/ holds such of drawn pictures and of X-rays, too
# Where a picture is looked for by its name alone, as the published paths are those of the makers' machines.
PICTURES = ("", "images", "val2017", "images/val2017", "VOCdevkit/VOC2007/JPEGImages", "images/JPEGImages")


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each row of the COCO and VOC `*_mcq*.csv`, grouped by file.

    A picture's path is one inside the folder, or absolute; where nothing is there, its name is looked for in PICTURES.
    """
    folder = origin.find(source, "images", ".").resolve()
    files = _files(folder) or _files(folder.parent)
    if not files:
        raise MissingData(f"{str(source)!r} holds no images/{' or images/'.join(FILES)}; {origin.describe()}")
    for path in files:
        yield from _rows(path, Path(source or "."))


def _files(folder: Path) -> list[Path]:
    return sorted(path for pattern in FILES for path in folder.glob(pattern))


def _picture(folder: Path, published: str) -> Path:
    """The published path, if something is there or nowhere else; or the same name in a folder of PICTURES."""
    name = Path(published).name
    places = (folder / published, *(folder / place / name for place in PICTURES))
    return next((place for place in places if place.is_file()), places[0])


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
            document = Document(image=_picture(folder, image), id=id_)
            yield Sample(id_, document, asked, path.stem)
