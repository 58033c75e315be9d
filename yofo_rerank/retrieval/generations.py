"""Who may write an index folder, who is reading it, and which of its files nobody needs any more.

A writer holds the folder's lock (`filelock`). A reader holds a shared lock on the file that names its generation for as
long as its documents may open images; a generation is deleted only by a writer, and only when no reader has it. Where
the system knows no such locks (Windows), the reader's open file cannot be deleted, which serves as well.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from yofo_rerank.errors import IndexMismatch, RetrievalError
from yofo_rerank.retrieval.manifest import MANIFEST, Manifest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

LOCK = "yofo_index.lock"
LOCK_SECONDS = 600.0  # a save of millions of documents takes minutes
IMAGES = "kept-images"
GENERATION = "generation-"
GENERATION_FILES = ("vectors.faiss", "documents.jsonl", MANIFEST)  # the manifest last: without it, nothing is listed


class Lease:
    """A reader's hold on a generation, for as long as this object lives; a copy in another process takes its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._close = weakref.finalize(self, os.close, descriptor)
        self.descriptor = descriptor
        if not _lock(descriptor, exclusive=False) or not _is_same_file(descriptor, path):
            self.release()
            raise FileNotFoundError(f"{path} is being deleted")

    def release(self) -> None:
        """Let go."""
        self._close()

    def __deepcopy__(self, memo: dict[int, Any]) -> Lease:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _lease_again, (self.path,)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; other writers wait.

    Raises:
        RetrievalError: code `locked`, if another process holds it for too long.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        message = f"another process has been writing to {folder} for {LOCK_SECONDS:.0f} s"
        raise RetrievalError(f"{message}; try again when it is done", code="locked") from error
    try:
        yield
    finally:
        lock.release()


def remove_old(folder: Path, current: str, replaced: Manifest | None) -> None:
    """Delete generations that nobody reads, and images that only they listed; never what no manifest lists.

    `replaced`: the manifest of the first layout, where that was replaced now.
    """
    old = [path for path in folder.glob(f"{GENERATION}*") if path.name != current and path.is_dir()]
    gone = set().union(*(_remove_generation(path) for path in old))
    if gone:
        needed = set().union(*(_listed_images(path) for path in folder.glob(f"{GENERATION}*")))
        for name in gone - needed:
            (folder / IMAGES / name).unlink(missing_ok=True)
    if replaced:
        with _nobody_reads(folder / replaced.documents.name) as free:
            for file in (replaced.vectors, replaced.documents) if free else ():
                (folder / file.name).unlink(missing_ok=True)


def discard(generation: Path) -> None:
    """Delete a generation's own files; anything else in it stays, and so does the folder then."""
    for name in GENERATION_FILES:
        (generation / name).unlink(missing_ok=True)
    with suppress(OSError):
        generation.rmdir()


def _remove_generation(generation: Path) -> set[str]:
    """The images that a generation listed, which is gone now; none if it is still read."""
    if not (generation / MANIFEST).exists():  # its writer was killed
        discard(generation)
        return set()
    with _nobody_reads(generation / MANIFEST) as free:
        if not free:
            return set()
        try:
            images = _listed_images(generation)
        except IndexMismatch:  # then its images stay
            images = set()
        discard(generation)
    return images


def _listed_images(generation: Path) -> set[str]:
    try:
        return set(Manifest.model_validate_json((generation / MANIFEST).read_bytes()).images)
    except (OSError, ValueError) as error:
        raise IndexMismatch(f"{generation / MANIFEST} is corrupt", code="corrupt") from error


@contextmanager
def _nobody_reads(path: Path) -> Iterator[bool]:
    """Whether nobody has a lease on the file; nobody gets one meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        yield _lock(descriptor, exclusive=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, exclusive: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a network folder without locks: then nothing old is deleted
        logger.debug("no locks here: %s", error)
        return not exclusive
    return True


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lease_again(path: Path) -> Lease | None:
    try:
        return Lease(path)
    except OSError:  # the index was replaced, or is not on this machine
        return None
