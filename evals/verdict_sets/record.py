"""What a set of verdicts is made of: samples with statements about a document, or pairs of which one is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from evals.data_sets import Origin
from evals.verdict_sets.order import shuffled
from yofo_rerank import Document
from yofo_rerank.errors import ImageError


@dataclass(frozen=True)
class Asked:
    """A statement about a document, whether it holds, and the places of those that it depends on."""

    text: str
    answer: bool
    depends_on: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sample:
    """A document, or a part of its picture, and what is asked of it."""

    id: str
    document: Document
    asked: tuple[Asked, ...]
    group: str = ""  # the makers' own category
    box: tuple[float, float, float, float] | None = None  # left, top, right, bottom in pixels: what is looked at

    def load(self) -> Document:
        """The document to judge.

        Raises:
            ImageError: its picture cannot be read, or the box holds nothing of it.
        """
        if self.box is None:
            return self.document
        picture = self.document.load_image()
        if picture is None:
            raise ImageError(f"{self.id}: wanted a picture to look at a part of")
        return Document(image=cropped(picture, self.box, self.id), id=self.document.id)


@dataclass(frozen=True)
class Pair:
    """Two documents, a query, and which of them answers it better (paper section 4.2)."""

    id: str
    query: str
    documents: tuple[Document, Document]
    requirements: tuple[str, ...]  # none: whoever wants some makes them of the query
    expression: str
    better: int  # 0 or 1
    group: str = ""

    def query_alone(self) -> Pair:
        """Without requirements and expression: the same text for every contestant."""
        return replace(self, requirements=(), expression="")


Unit = Sample | Pair


@dataclass(frozen=True)
class VerdictSet:
    """A set, as data: where it comes from, what is measured on it, and who reads it."""

    name: str
    origin: Origin
    reader: str  # "module:function", called with the folder; yields samples or pairs
    measures: Literal["verdicts", "choice", "crossed", "pairs"]  # choice: one statement of each sample is true
    derived: str = ""  # what of the truth is ours, and not the makers'
    drawn: bool = False  # made here, as many as are wanted
    telling: bool = False  # its makers' order says what is true: statements are shuffled, by a seed
    sided: bool = False  # holds what `yofo train` learns from too, which is left out unless the whole is wanted

    def read(self, source: str | Path | None, limit: int | None = None, *, whole: bool = False) -> Iterator[Unit]:
        """Its units, one at a time; the first ones alone with a limit.

        Raises:
            MissingData: it is not in the folder.
            BadData: it is not laid out as published.
        """
        module, _, function = self.reader.partition(":")
        options: dict[str, Any] = {"documents": limit} if self.drawn and limit else {}
        options |= {"whole": whole} if self.sided else {}
        units: Iterator[Unit] = getattr(import_module(module), function)(self.origin, source, **options)
        units = islice(units, limit)
        return map(_shuffled, units) if self.telling else units

    def about(self, *, whole: bool = False) -> dict[str, Any]:
        """For records and tables."""
        side = {"split": "train and validation" if whole else "validation"} if self.sided else {}
        order = {"order": "shuffled"} if self.telling else {}
        about = {"licence": self.origin.licence, "from": self.origin.where, "derived": self.derived}
        return side | order | about | {"set": f"{self.name}, all pairs" if whole else self.name}


def _shuffled(unit: Unit) -> Unit:
    return replace(unit, asked=shuffled(unit.asked, unit.id)) if isinstance(unit, Sample) else unit


def cropped(picture: Image.Image, box: tuple[float, float, float, float], name: str) -> Image.Image:
    """The part of a picture inside a box, which may reach over its edges.

    Raises:
        ImageError: nothing of it is inside.
    """
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(picture.width, round(box[2])), min(picture.height, round(box[3]))
    if right <= left or bottom <= top:
        raise ImageError(f"{name}: the box {box} holds nothing of a picture of {picture.size}", code="empty_box")
    return picture.crop((left, top, right, bottom))
