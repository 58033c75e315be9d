"""Files that hold many documents: Parquet files, by row groups, and WebDataset shards; what is damaged fails alone."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.image_formats import readable_suffixes
from yofo_rerank.scale.addresses import Entry, filesystem

IMAGE_COLUMNS = ("image", "bytes", "image_bytes")
NOTHING = b"\0"  # in place of an image that is not there: it fails when it is decoded, alone


class DamagedFile(DocumentError):
    """A file of a source holds nothing that can be read; its `file` fails as one document."""

    default_code = "damaged_file"

    def __init__(self, file: str, reason: object) -> None:
        super().__init__(f"{file} is damaged: {' '.join(str(reason).split())[:200]}")
        self.file, self.reason = file, reason

    def __reduce__(self) -> tuple[type[DamagedFile], tuple[str, object]]:
        return type(self), (self.file, self.reason)


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
        for batch in self._batches(table, columns):
            for row in batch.to_pylist():
                id_ = row.get("id")
                name = str(id_) if id_ is not None else f"{self.label}:{self.group}:{place}"
                yield document_as(_picture(row[image]), row.get("text"), name)
                place += 1

    def _batches(self, table: Any, columns: list[str]) -> Iterator[Any]:
        try:
            yield from table.iter_batches(batch_size=16, row_groups=[self.group], columns=columns)
        except (OSError, ValueError) as error:  # pyarrow says the same of damage and of a network that is down
            raise OSError(f"row group {self.group} of {self.file} cannot be read: {error}"[:500]) from error


@dataclass(frozen=True)
class Damaged:
    """A file of which not even the parts are known."""

    name: str
    file: str
    reason: str

    def read(self) -> tuple[int, Iterator[Document]]:
        """Nothing.

        Raises:
            DamagedFile: always.
        """
        raise DamagedFile(self.file, self.reason)


@dataclass(frozen=True)
class Shard:
    """A WebDataset shard: files of one sample have one key, `12.jpg` and `12.txt`."""

    name: str
    file: str
    label: str  # its path in the source

    def read(self) -> tuple[int, Iterator[Document]]:
        """One sample after another; the first pass counts them by their headers.

        Raises:
            DamagedFile: it is no tar file, or ends too early.
        """
        try:
            with self._open() as tar:
                size = sum(1 for _ in self._samples(tar))
                _check_end(tar)
        except tarfile.TarError as error:
            raise DamagedFile(self.label, error) from error
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
                yield document_as(image, text, key)

    def _open(self) -> tarfile.TarFile:
        files, path = filesystem(self.file)
        return tarfile.open(fileobj=files.open_input_file(path), mode="r:")

    @staticmethod
    def _samples(tar: tarfile.TarFile) -> Iterator[tuple[str, list[tuple[str, tarfile.TarInfo]]]]:
        files = ((*_key(member.name), member) for member in tar if member.isfile())
        for key, group in groupby(files, key=lambda one: one[0]):
            found = [(suffix, member) for _, suffix, member in group]
            if any(suffix in readable_suffixes() for suffix, _ in found):
                yield key, found


def row_groups(file: Entry) -> list[RowGroup | Damaged]:
    """The row groups of a Parquet file; of one whose end is damaged, that."""
    import pyarrow as pa
    from pyarrow import parquet

    files, path = filesystem(file.address)
    stem = Path(file.name).stem
    try:
        with files.open_input_file(path) as opened:
            n_groups = parquet.ParquetFile(opened).num_row_groups
    except pa.ArrowInvalid as error:
        return [Damaged(named(0, [file], stem), file.name, str(error))]
    return [RowGroup(named(group, [file], stem), file.address, file.name, group) for group in range(n_groups)]


def _picture(cell: Any) -> Any:
    """Bytes, or None where there is no picture; Hugging Face's cells hold a path beside them."""
    if not isinstance(cell, dict):
        return cell
    return b"" if cell.get("bytes") is None and cell.get("path") else cell.get("bytes")


def document_as(image: bytes | None, text: str | None, id_: str) -> Document:
    """As the source has it, a text alone too; what makes no document becomes one that cannot be judged."""
    try:
        return Document(image=NOTHING if image == b"" else image, text=text, id=id_)
    except DocumentError:
        return Document(image=NOTHING, id=id_)


def _key(name: str) -> tuple[str, str]:
    """WebDataset's rule: the key ends at the first dot of the file's name.

    >>> _key("tops/12.seg.png")
    ('tops/12', '.seg.png')
    """
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    return folder + slash + stem, (dot + suffix).lower()


def _check_end(tar: tarfile.TarFile) -> None:
    """Python takes a header that it cannot read, behind the first, for the end; an end is a block of zeros, or none."""
    file: Any = tar.fileobj
    file.seek(tar.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) not in (0, tarfile.BLOCKSIZE) or any(block):
        raise tarfile.ReadError(f"no header and no end at byte {tar.offset}")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return b"" if file is None else file.read()


def named(number: int, members: Iterable[Entry | tuple[str, str]], stem: str = "part") -> str:
    """Number, and digest of names and states: where the files lie does not matter."""
    parts = (part for one in members for part in one[-2:])
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{stem}-{number:06}-{digest}"
