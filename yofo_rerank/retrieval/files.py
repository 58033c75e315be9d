"""Writing a file so that it is whole on the disk, or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from yofo_rerank.errors import RetrievalError

Put = Callable[[bytes], object]  # takes the next piece of a file

TEMPORARY = ".yofo-tmp-"


def store(path: Path, write: Callable[[Put], object]) -> tuple[int, str]:
    """Write what `write` puts, force it to disk, read it again, and return its size and SHA-256.

    Raises:
        RetrievalError: code `not_stored`, if the disk holds something else.
        OSError: no space, no permission, ...
    """
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:

        def put(data: bytes) -> None:
            nonlocal size
            file.write(data)
            digest.update(data)
            size += len(data)

        write(put)
        file.flush()
        os.fsync(file.fileno())
    wanted, got = (size, digest.hexdigest()), (path.stat().st_size, sha256(path))
    if got != wanted:
        message = f"{path} holds {got[0]:,} bytes after writing {size:,}, or others: the disk may be full or damaged"
        raise RetrievalError(message, code="not_stored")
    return got


def replace(path: Path, write: Callable[[Put], object]) -> None:
    """As `store`, under a temporary name first: at every moment the file is the old one or the new one."""
    temporary = path.with_name(TEMPORARY + path.name)
    try:
        store(temporary, write)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Force names, as opposed to contents, to disk; not every system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256(path: Path) -> str:
    """Digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
