"""What the builder wrote of one's own SA-1B pictures: the validation side, in the layout that `yofo train` reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.data_sets import BadData, Origin
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document
from yofo_rerank.errors import ExampleError
from yofo_rerank.training.examples import ExampleFile


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each example of validation.jsonl; reasons are not shown."""
    path = origin.find(source, "validation.jsonl")
    try:
        file = ExampleFile(path)
    except ExampleError as error:
        raise BadData(str(error)) from error
    for place in range(len(file)):
        example = file[place]
        document = Document(image=example.image, text=example.text, id=f"{place}", root=file.folder)
        yield Sample(f"{place}", document, tuple(Asked(one.text, one.answer) for one in example.properties))
