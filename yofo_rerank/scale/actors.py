"""What runs on the machines: tasks that decode pictures, and actors that judge them.

Between them a picture is its pixels, as they are in the file: nothing is made smaller, so answers are those of a judge
in one process. Every row says which partition it belongs to, its place there, and how many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.errors import YofoError
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.requirements import JudgedDocument
from yofo_rerank.retrieval.facets import identity, stamp
from yofo_rerank.scale.apart import judge_again
from yofo_rerank.scale.packed import DamagedFile
from yofo_rerank.scale.partitions import Partition

if TYPE_CHECKING:
    import pyarrow as pa

    from yofo_rerank.retrieval import ClipEncoder

CHUNK_DOCUMENTS = 16
CHUNK_BYTES = 8 * 1024 * 1024  # of pixels that leave a decoding task at one time


def decode(batch: dict[str, Any]) -> Iterator[pa.Table]:
    """Documents of partitions, decoded, some at a time."""
    for partition in batch["partition"]:
        yield from _decoded(partition)


def _decoded(partition: Partition) -> Iterator[pa.Table]:
    name = partition.name
    rows: list[dict[str, Any]] = []
    for row in _rows(partition):
        rows.append({"partition": name} | row)
        if len(rows) == CHUNK_DOCUMENTS or sum(len(one) for row in rows for one in row["pixels"]) > CHUNK_BYTES:
            yield _table(rows)
            rows = []
    if rows:
        yield _table(rows)


def _rows(partition: Partition) -> Iterator[dict[str, Any]]:
    """A row for each document; of a damaged file one, which says so, and of a partition without documents one."""
    try:
        size, documents = partition.read()
    except DamagedFile as error:
        yield {"place": 0, "size": 1} | _empty(error.file) | {"code": error.code, "message": str(error)}
        return
    for place, document in enumerate(documents):
        yield {"place": place, "size": size} | _row(document)
    if size == 0:  # else it could not be told from one that was lost
        yield {"place": 0, "size": 0} | _empty(partition.name) | {"code": "empty", "message": "no documents"}


def _empty(document: str, text: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"document": document, "text": text, "stamp": "", "code": None, "message": None}
    return found | {"pixels": [], "width": [], "height": []}


def _row(document: Document) -> dict[str, Any]:
    found = _empty(document.id, document.text)
    try:
        found["stamp"] = stamp(document)
        images = [document.load_image(page=page) for page in range(len(document.images))]
    except YofoError as error:
        return found | {"code": error.code, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises is that picture's alone
        return found | {"code": "bad_image", "message": f"{type(error).__name__}: {error}"[:300]}
    pictures = [image for image in images if image is not None]
    found["pixels"] = [picture.tobytes() for picture in pictures]
    return found | {"width": [one.width for one in pictures], "height": [one.height for one in pictures]}


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    kinds = {"partition": text, "place": number, "size": number, "document": text, "text": text, "stamp": text}
    kinds |= {"code": text, "message": text, "pixels": pa.list_(pa.large_binary())}
    kinds |= {"width": pa.list_(number), "height": pa.list_(number)}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items())))


class JudgeActor:
    """A judge, and optionally an encoder, that stay loaded in a process of their own."""

    def __init__(self, judge: Judge, requirements: Sequence[str], encoder: ClipEncoder | None = None) -> None:
        self._judge, self._encoder = judge, encoder
        self._requirements = check_requirements(requirements)
        self._name = json.dumps(identity(judge), sort_keys=True)
        judge.info()  # loads

    def __call__(self, table: pa.Table) -> pa.Table:
        """Rows of decoded documents -> rows of answers, one for each document."""
        rows = table.to_pylist()
        asked = [(place, document_of(row)) for place, row in enumerate(rows) if row["code"] is None]
        outcomes = judge_again(self._judge, [document for _, document in asked], self._requirements)
        found = {place: outcome for (place, _), outcome in zip(asked, outcomes, strict=True)}
        vectors = self._vectors(asked)
        return _answers(
            [_answer(row, found.get(place), vectors.get(place)) for place, row in enumerate(rows)], self._name
        )

    def _vectors(self, asked: Sequence[tuple[int, Document]]) -> dict[int, list[float]]:
        if self._encoder is None:
            return {}
        pictures = [(place, document.image) for place, document in asked if isinstance(document.image, Image.Image)]
        if not pictures:
            return {}
        vectors = self._encoder.encode_images([picture for _, picture in pictures])
        return {place: vector.tolist() for (place, _), vector in zip(pictures, vectors, strict=True)}


def document_of(row: dict[str, Any]) -> Document:
    """The document of a decoded row; its id is unique among those that are judged together."""
    sizes = zip(row["width"], row["height"], row["pixels"], strict=True)
    images = [Image.frombytes("RGB", (width, height), pixels) for width, height, pixels in sizes]
    return Document(images=images, text=row["text"], id=f"{row['partition']}:{row['place']}")


def _answer(row: dict[str, Any], outcome: JudgedDocument | None, vector: list[float] | None) -> dict[str, Any]:
    kept = {name: row[name] for name in ("partition", "place", "size", "document", "stamp", "code", "message")}
    kept |= {"p_yes": [], "verdict": [], "vector": vector}
    if outcome is None:
        return kept
    if outcome.failure is not None:
        return kept | {"code": outcome.failure.code, "message": outcome.failure.message}
    judgements = outcome.judgements
    return kept | {"p_yes": [one.p_yes for one in judgements], "verdict": [one.verdict for one in judgements]}


def _answers(rows: Sequence[dict[str, Any]], judge: str) -> pa.Table:
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    kinds = {"partition": text, "place": number, "size": number, "document": text, "stamp": text, "judge": text}
    kinds |= {"code": text, "message": text, "p_yes": pa.list_(pa.float64()), "verdict": pa.list_(pa.bool_())}
    kinds |= {"vector": pa.list_(pa.float32())}
    return pa.Table.from_pylist([row | {"judge": judge} for row in rows], schema=pa.schema(list(kinds.items())))
