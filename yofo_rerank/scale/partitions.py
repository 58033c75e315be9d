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

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from yofo_rerank.documents import Document, load_folder
from yofo_rerank.errors import DocumentError
from yofo_rerank.extras import require
from yofo_rerank.image_formats import readable_suffixes
from yofo_rerank.retrieval.encoding import in_batches
from yofo_rerank.retrieval.facets import stamp
from yofo_rerank.scale.addresses import Entry, entries, filesystem

SIZE = 256  # documents of a partition, where we may choose
IMAGE_COLUMNS = ("image", "bytes", "image_bytes")
NOTHING = b"\0"  # in place of an image that is not there: it fails when it is decoded, alone


class Partition(Protocol):
    """A piece of a catalogue."""

    @property
    def name(self) -> str:
        """The same in every run, and different for different contents."""
        ...

    def read(self) -> tuple[int, Iterator[Document]]:
        """How many documents it has, and these, one at a time."""
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
        return len(self.paths), (_document(_bytes(files, f"{folder}/{path}"), None, path) for path in self.paths)


@dataclass(frozen=True)
class RowGroup:
    """A row group of a Parquet file: a column of images, and optionally `id` and `text`."""

    name: str
    file: str
    label: str  # its path in the source
    group: int

    def read(self) -> tuple[int, Iterator[Document]]:
        """Its rows, some at a time.

        Raises:
            DocumentError: code `no_image_column`.
        """
        from pyarrow import parquet

        files, path = filesystem(self.file)
        table = parquet.ParquetFile(files.open_input_file(path))
        image = next((name for name in IMAGE_COLUMNS if name in table.schema_arrow.names), None)
        if image is None:
            message = f"{self.file} has {', '.join(table.schema_arrow.names)}, wanted a column image with bytes"
            raise DocumentError(message, code="no_image_column")
        columns = [image, *(name for name in ("id", "text") if name in table.schema_arrow.names)]
        return table.metadata.row_group(self.group).num_rows, self._documents(table, image, columns)

    def _documents(self, table: Any, image: str, columns: list[str]) -> Iterator[Document]:
        place = 0
        for batch in table.iter_batches(batch_size=16, row_groups=[self.group], columns=columns):
            for row in batch.to_pylist():
                id_ = row.get("id")
                name = str(id_) if id_ is not None else f"{self.label}:{self.group}:{place}"
                data = row[image]["bytes"] if isinstance(row[image], dict) else row[image]  # as Hugging Face has it
                yield _document(data, row.get("text"), name)
                place += 1


@dataclass(frozen=True)
class Shard:
    """A WebDataset shard: files of one sample have one key, `12.jpg` and `12.txt`."""

    name: str
    file: str

    def read(self) -> tuple[int, Iterator[Document]]:
        """One sample after another; the first pass counts them by their headers."""
        with self._open() as tar:
            size = sum(1 for _ in self._samples(tar))
        return size, self._documents()

    def _documents(self) -> Iterator[Document]:
        with self._open() as tar:
            for key, members in self._samples(tar):
                image, text = None, None
                for suffix, member in members:
                    if suffix == ".txt":
                        text = _content(tar, member).decode(errors="replace")
                    elif suffix in readable_suffixes():
                        image = _content(tar, member)
                yield _document(image, text, key)

    def _open(self) -> tarfile.TarFile:
        files, path = filesystem(self.file)
        return tarfile.open(fileobj=files.open_input_file(path), mode="r:")

    @staticmethod
    def _samples(tar: tarfile.TarFile) -> Iterator[tuple[str, list[tuple[str, tarfile.TarInfo]]]]:
        named = ((*_key(member.name), member) for member in tar if member.isfile())
        for key, group in groupby(named, key=lambda one: one[0]):
            found = [(suffix, member) for _, suffix, member in group]
            if any(suffix in readable_suffixes() for suffix, _ in found):
                yield key, found


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
        return [one for file in tables for one in _row_groups(file)]
    shards = _ending(files, (".tar",))
    if shards:
        return [Shard(_named(0, [one], Path(one.name).stem), one.address) for one in shards]
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
        name = _named(number, [(document.id, _state(document)) for document in some])
        found.append(Listed(name, tuple(some)))
    return found


def _ending(files: Sequence[Entry], suffixes: tuple[str, ...]) -> list[Entry]:
    return [one for one in files if one.name.lower().endswith(suffixes)]


def _row_groups(file: Entry) -> list[Partition]:
    from pyarrow import parquet

    files, path = filesystem(file.address)
    with files.open_input_file(path) as opened:
        n_groups = parquet.ParquetFile(opened).num_row_groups
    stem = Path(file.name).stem
    return [RowGroup(_named(group, [file], stem), file.address, file.name, group) for group in range(n_groups)]


def _remote(number: int, root: str, files: Sequence[Entry]) -> Partition:
    return RemoteFiles(_named(number, files), root, tuple(one.name for one in files))


def _document(image: bytes | None, text: str | None, id_: str) -> Document:
    """As the source has it; what makes no document becomes one that cannot be judged."""
    try:
        return Document(image=image or NOTHING, text=text, id=id_)
    except DocumentError:
        return Document(image=NOTHING, id=id_)


def _bytes(files: Any, path: str) -> bytes:
    """Nothing of a file that is not there, which fails alone; what else goes wrong may pass, and is raised."""
    try:
        with files.open_input_file(path) as file:
            return bytes(file.readall())
    except FileNotFoundError:
        return b""


def _key(name: str) -> tuple[str, str]:
    """WebDataset's rule: the key ends at the first dot of the file's name.

    >>> _key("tops/12.seg.png")
    ('tops/12', '.seg.png')
    """
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    return folder + slash + stem, (dot + suffix).lower()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return b"" if file is None else file.read()


def _state(document: Document) -> str:
    """Another one where the document is another: sizes and times of its files, wherever they lie; else its content."""
    try:
        files = [Path(document.root or "", image).stat() for image in document.images]  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError):  # in memory, or not there
        return stamp(document)
    return f"{document.text}{[(one.st_size, one.st_mtime_ns) for one in files]}"


def _named(number: int, members: Iterable[Entry | tuple[str, str]], stem: str = "part") -> str:
    """Number, and digest of names and states: where the files lie does not matter."""
    parts = (part for one in members for part in one[-2:])
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{stem}-{number:06}-{digest}"
