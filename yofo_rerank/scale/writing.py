"""Files of a catalogue, here or in an object store: each is whole or not there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.retrieval.files import TEMPORARY, replace
from yofo_rerank.scale.addresses import filesystem, plain

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT = "catalogue.json"  # in a catalogue's folder: what was asked, and by which judge
VECTORS = "vectors"  # the folder of its vectors there
RENAMING = ("hdfs",)  # what pyarrow calls those elsewhere in which half a file can be seen, and renamed


def make_folder(address: str) -> None:
    """A folder, unless it is there."""
    files, path = filesystem(address)
    files.create_dir(path, recursive=True)


def put_table(address: str, table: pa.Table) -> None:
    """A Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    put(address, sink.getvalue().to_pybytes())


def put(address: str, data: bytes) -> None:
    """A whole file, or none: aside and renamed, here and in HDFS; an object store takes objects whole anyway."""
    address = plain(address)
    if "://" not in address:
        replace(Path(address), lambda write: write(data))
        return
    files, path = filesystem(address)
    if files.type_name not in RENAMING:
        _write(files, path, data)
        return
    folder, _, name = path.rpartition("/")
    aside = f"{folder}/{TEMPORARY}{name}"
    try:
        _write(files, aside, data)
        files.move(aside, path)
    finally:
        with suppress(OSError):
            files.delete_file(aside)


def _write(files: Any, path: str, data: bytes) -> None:
    with files.open_output_stream(path) as sink:
        sink.write(data)


def remove(address: str) -> None:
    """A file, where it is there."""
    files, path = filesystem(address)
    with suppress(FileNotFoundError):
        files.delete_file(path)


def is_file(address: str) -> bool:
    """Whether a file is there."""
    files, path = filesystem(address)
    return bool(files.get_file_info(path).is_file)


def read_bytes(address: str) -> bytes:
    """All of a file."""
    files, path = filesystem(address)
    with files.open_input_file(path) as file:
        return bytes(file.readall())


def names(folder: str, suffix: str) -> list[str]:
    """Files of a folder that end so, without the ending, sorted; nothing of a folder that is not there."""
    from pyarrow import fs

    files, path = filesystem(folder)
    entries = files.get_file_info(fs.FileSelector(path, allow_not_found=True))
    found = (entry.path.rsplit("/", 1)[-1] for entry in entries if entry.is_file)
    return sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix) and not name.startswith("."))
