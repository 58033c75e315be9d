"""Facets on disk: one Parquet file, and beside it, while a catalogue is being judged, one part per batch.

    facets.parquet             document, requirement, p_yes, verdict, judge, stamp
    facets.parts/<n>.parquet   rows of a run that is under way, or was killed
    facets.lock                held by whoever judges

Each part is whole or not there. Later rows take the place of earlier ones about the same document and requirement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from yofo_rerank.errors import IndexMismatch, RetrievalError
from yofo_rerank.extras import require
from yofo_rerank.retrieval.files import replace, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "facets.parquet"


class Row(NamedTuple):
    """One answer: by which judge, and of which state of the document."""

    document: str
    requirement: str
    p_yes: float
    verdict: bool
    judge: str
    stamp: str


def empty() -> pa.Table:
    """No rows."""
    return to_table([])


def to_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as columns."""
    require("pyarrow", extra="facets")
    import pyarrow as pa

    kinds = (pa.string(), pa.string(), pa.float64(), pa.bool_(), pa.string(), pa.string())
    schema = pa.schema(list(zip(Row._fields, kinds, strict=True)))
    return pa.table({name: [getattr(row, name) for row in rows] for name in Row._fields}, schema=schema)


def read(path: Path) -> pa.Table:
    """All rows, also those of a run that is under way.

    Raises:
        IndexMismatch: code `corrupt`.
        MissingExtra: no pyarrow.
    """
    require("pyarrow", extra="facets")
    import pyarrow as pa
    from pyarrow import parquet

    tables = [empty()]
    for file in [path, *_parts(path)]:
        try:
            tables.append(parquet.read_table(file, schema=tables[0].schema, partitioning=None))
        except FileNotFoundError:  # none yet, or merged meanwhile
            continue
        except (pa.ArrowException, OSError) as error:
            raise IndexMismatch(f"{file} is corrupt: it is no table of facets", code="corrupt") from error
    return latest(pa.concat_tables(tables))


def latest(table: pa.Table) -> pa.Table:
    """The last row about each document and requirement."""
    import pyarrow as pa

    numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
    last = numbered.group_by(["document", "requirement"]).aggregate([("row", "max")])["row_max"]
    return table.take(np.sort(last.to_numpy()))


def state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files: they differ when anything was written."""
    found = []
    for file in (path, *_parts(path)):
        with suppress(FileNotFoundError):
            status = file.stat()
            found.append((file.name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def append(path: Path, table: pa.Table) -> None:
    """Add a part."""
    folder = path.with_suffix(".parts")
    folder.mkdir(exist_ok=True)
    numbers = [int(part.stem) for part in _parts(path)]
    _write(folder / f"{max(numbers, default=0) + 1:09}.parquet", table)


def merge(path: Path, table: pa.Table) -> None:
    """Make the table, which holds all parts, the one file."""
    parts = _parts(path)
    _write(path, table)
    for part in parts:
        part.unlink(missing_ok=True)
    with suppress(OSError):
        path.with_suffix(".parts").rmdir()


@contextmanager
def judging(path: Path) -> Iterator[None]:
    """Hold the lock; RetrievalError (`locked`) if another process does."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RetrievalError(f"another process is judging the facets in {path}", code="locked") from error
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, table: pa.Table) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    replace(path, lambda put: put(sink.getvalue().to_pybytes()))
    sync_folder(path.parent)


def _parts(path: Path) -> list[Path]:
    return sorted(path.with_suffix(".parts").glob("[0-9]*.parquet"))
