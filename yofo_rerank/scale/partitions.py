"""A catalogue in pieces that can be judged, and judged again, one by one.

| source | a partition is | the id of a document is |
|---|---|---|
| a folder of images, here or in an object store (`s3://...`) | `size` files | the path inside the folder |
| Parquet files (`*.parquet`) with a column of bytes | one row group | the column `id`, else file and row |
| WebDataset shards (`*.tar`) | one shard | the key of the sample |

A partition knows how to read itself, on whatever machine it is. Its name follows from the names, sizes and times of its
files, which one listing tells.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from yofo_rerank.documents import Document, load_folder
from yofo_rerank.errors import DocumentError
from yofo_rerank.extras import require
from yofo_rerank.image_formats import readable_suffixes
from yofo_rerank.retrieval.encoding import in_batches
from yofo_rerank.retrieval.facets import stamp
from yofo_rerank.scale.addresses import Entry, entries, filesystem
from yofo_rerank.scale.packed import Shard, document_as, named, row_groups

SIZE = 256  # documents of a partition, where we may choose


class Partition(Protocol):
    """A piece of a catalogue."""

    @property
    def name(self) -> str:
        """The same in every run, and different for different contents."""
        ...

    def read(self) -> tuple[int, Iterator[Document]]:
        """How many documents it has, and these, one at a time.

        Raises:
            DamagedFile: none can be read, and none ever will.
        """
        ...


@dataclass(frozen=True)
class Listed:
    """Documents that are at hand, as an index has them."""

    name: str
    documents: tuple[Document, ...]

    def read(self) -> tuple[int, Iterator[Document]]:
        """Nothing to read: each opens its own image."""
        return len(self.documents), iter(self.documents)


@dataclass(frozen=True)
class RemoteFiles:
    """Image files behind an address that pyarrow reads."""

    name: str
    root: str
    paths: tuple[str, ...]

    def read(self) -> tuple[int, Iterator[Document]]:
        """One file after another."""
        files, folder = filesystem(self.root)
        return len(self.paths), (document_as(_bytes(files, f"{folder}/{path}"), None, path) for path in self.paths)


def partitions_of(source: str | os.PathLike[str], size: int = SIZE) -> list[Partition]:
    """The partitions of a folder, a Parquet file or a WebDataset shard, or of a folder of such; see the table above.

    Args:
        source: path, or an address such as `s3://bucket/folder`.
        size: files of a partition of images.

    Raises:
        DocumentError: code `missing`: nothing to judge there.
        MissingExtra: no pyarrow.
    """
    require("pyarrow", extra="ray")
    address = str(source)
    files = entries(address)
    tables = _ending(files, (".parquet",))
    if tables:
        return [one for file in tables for one in row_groups(file)]
    shards = _ending(files, (".tar",))
    if shards:
        return [Shard(named(0, [one], Path(one.name).stem), one.address, one.name) for one in shards]
    found: list[Partition]
    if "://" not in address:
        documents = load_folder(Path(address).resolve())  # workers have other working directories
        found = listed(documents, size)
    else:
        pictures = (one for one in _ending(files, tuple(readable_suffixes())) if one.address != address)
        found = [_remote(number, address, some) for number, some in enumerate(in_batches(pictures, size))]
    if not found:
        raise DocumentError(f"no image, Parquet file or tar shard in {address!r}", code="missing")
    return found


def listed(documents: Iterable[Document], size: int = SIZE) -> list[Partition]:
    """Documents in partitions, in their order."""
    found: list[Partition] = []
    for number, some in enumerate(in_batches(documents, size)):
        name = named(number, [(document.id, _state(document)) for document in some])
        found.append(Listed(name, tuple(some)))
    return found


def _ending(files: Sequence[Entry], suffixes: tuple[str, ...]) -> list[Entry]:
    return [one for one in files if one.name.lower().endswith(suffixes)]


def _remote(number: int, root: str, files: Sequence[Entry]) -> Partition:
    return RemoteFiles(named(number, files), root, tuple(one.name for one in files))


def _bytes(files: Any, path: str) -> bytes:
    """Nothing of a file that is not there, which fails alone; what else goes wrong may pass, and is raised."""
    try:
        with files.open_input_file(path) as file:
            return bytes(file.readall())
    except FileNotFoundError:
        return b""


def _state(document: Document) -> str:
    """Another one where the document is another: sizes and times of its files, wherever they lie; else its content."""
    try:
        files = [Path(document.root or "", image).stat() for image in document.images]  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError):  # in memory, or not there
        return stamp(document)
    return f"{document.text}{[(one.st_size, one.st_mtime_ns) for one in files]}"
