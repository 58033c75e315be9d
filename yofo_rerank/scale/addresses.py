"""Where a catalogue lies: a path here, or an address that pyarrow reads, `s3://bucket/folder?region=...`.

What an address says beside the path (host, key, options) is kept in the addresses of the files below it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from yofo_rerank.errors import DocumentError


class Entry(NamedTuple):
    """A file below an address."""

    address: str
    name: str  # its path below the address, or the name of a file that is the address itself
    state: str  # its size and time: others where it was written again


def plain(address: str) -> str:
    """A `file://` address as the path that it is, so that it is locked and written as one; any other as it is.

    >>> plain("file:///srv/50%25%20off"), plain("s3://shop/photos")
    ('/srv/50% off', 's3://shop/photos')
    """
    parts = urlsplit(address) if address.startswith("file://") else None
    return address if parts is None or parts.netloc else unquote(parts.path)


def filesystem(address: str) -> tuple[Any, str]:
    """pyarrow's filesystem for an address or a path, and the path there."""
    from pyarrow import fs

    if "://" in address:
        files, path = fs.FileSystem.from_uri(address)
        return files, path.rstrip("/")
    return fs.LocalFileSystem(), str(Path(address).resolve())


def beneath(address: str, *names: str) -> str:
    """The address of what lies below another one.

    >>> beneath("s3://shop/photos?region=eu-west-1", "50% off", "1.png")
    's3://shop/photos/50%25%20off/1.png?region=eu-west-1'
    >>> beneath("photos", "1.png")
    'photos/1.png'
    """
    if "://" not in address:
        return "/".join((address, *names))
    start, mark, options = address.partition("?")
    return "/".join((start.removesuffix("/"), *map(quote, names))) + mark + options


def entries(address: str) -> list[Entry]:
    """The visible files below an address, or itself, sorted by their names: one listing, and nothing is read.

    Raises:
        DocumentError: code `missing`.
    """
    from pyarrow import fs

    files, path = filesystem(address)
    found = files.get_file_info(path)
    if found.type == fs.FileType.NotFound:
        raise DocumentError(f"{address!r} is not there", code="missing")
    root = address if "://" in address else path  # workers have other working directories
    if found.type == fs.FileType.File:
        return [Entry(root, path.rsplit("/", 1)[-1], _state(found))]
    listed = files.get_file_info(fs.FileSelector(path, recursive=True))
    below = {one.path[len(path) :].lstrip("/"): one for one in listed if one.type == fs.FileType.File}
    return [
        Entry(beneath(root, name), name, _state(below[name]))
        for name in sorted(below)
        if not any(part.startswith(".") for part in name.split("/"))
    ]


def _state(found: Any) -> str:
    return f"{found.size} {found.mtime_ns}"
