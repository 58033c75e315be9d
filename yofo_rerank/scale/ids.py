"""Ids that are there twice: one answer would stand for two documents, so a source that has such is refused.

Documents at hand and the column `id` of Parquet files are looked at before anything is judged; the keys of shards,
which nothing lists, when a shard has been judged, and before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from yofo_rerank.errors import DocumentError
from yofo_rerank.scale.addresses import beneath, filesystem
from yofo_rerank.scale.packed import RowGroup
from yofo_rerank.scale.partitions import Listed, Partition, RemoteFiles
from yofo_rerank.scale.writing import read_bytes

Rows = list[dict[str, Any]]


class Ids:
    """The ids so far, and where each is."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def add(self, place: str, ids: Iterable[str]) -> None:
        """Take the ids of a place.

        Raises:
            DocumentError: code `duplicate_id`.
        """
        for id_ in ids:
            if id_ in self._found:
                where = f"{self._found[id_]} and in {place}" if self._found[id_] != place else place
                message = f"the id {id_[:200]!r} is there twice, in {where}; wanted one of its own for each document"
                raise DocumentError(message, code="duplicate_id")
            self._found[id_] = place


def check_ids(pieces: Sequence[Partition]) -> None:
    """Look at the ids that can be known before anything is judged; of Parquet files that one column is read.

    Raises:
        DocumentError: code `duplicate_id`.
    """
    found = Ids()
    for one in pieces:
        if isinstance(one, Listed):
            found.add(one.name, (document.id for document in one.documents))
    for file, label in {one.file: one.label for one in pieces if isinstance(one, RowGroup)}.items():
        found.add(label, _column(file))


def checked(
    stream: Iterable[tuple[str, Rows]], pieces: Sequence[Partition], missing: Sequence[Partition], folder: str
) -> Iterator[tuple[str, Rows]]:
    """The stream of the missing partitions, up to one with an id that another has too.

    Raises:
        DocumentError: code `duplicate_id`.
    """
    unknown = {one.name for one in pieces if not isinstance(one, Listed | RemoteFiles | RowGroup)}
    found = Ids()
    for name in sorted(unknown - {one.name for one in missing}):
        found.add(name, _documents(beneath(folder, f"{name}.parquet")))
    for name, rows in stream:
        if name in unknown:
            found.add(name, (row["document"] for row in rows))
        yield name, rows


def _column(file: str) -> Iterator[str]:
    from pyarrow import parquet

    files, path = filesystem(file)
    with files.open_input_file(path) as opened:
        table = parquet.ParquetFile(opened)
        if "id" not in table.schema_arrow.names:
            return
        for batch in table.iter_batches(columns=["id"]):
            yield from (str(id_) for id_ in batch["id"].to_pylist() if id_ is not None)


def _documents(answers: str) -> Iterable[str]:
    """Each once: they have a row for each requirement."""
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(pa.BufferReader(read_bytes(answers)), columns=["document"])
    return dict.fromkeys(table["document"].to_pylist())
