"""SHA-256 of files, computed once: remembered by path, size, time of change and inode."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

logger = logging.getLogger(__name__)

SETTLED_NS = 2_000_000_000  # a file changed a moment ago may change again within the same tick of its clock
MAX_REMEMBERED = 100_000
_TRIES = 5


class FileDigests:
    """Digests of files, for any number of threads.

    >>> FileDigests().of(Path(__file__)) == FileDigests().of(Path(__file__))
    True

    Args:
        memory: a JSON file that remembers them beyond this process; None = none. It may be deleted at any time.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[str, tuple[list[int], str]] = {} if memory is None else _load(memory)

    def of(self, path: Path, digest: Callable[[str], str] | None = None) -> str:
        """The digest of a file's bytes, in hexadecimal; `digest` computes it from the resolved path.

        Raises:
            OSError: it cannot be read, or never stops changing.
        """
        name = os.path.realpath(path)
        for _ in range(_TRIES):
            before = _stamp(name)
            with self._lock:
                known = self._known.get(name)
            if known is not None and known[0] == before:
                return known[1]
            found = (digest or _digest)(name)
            if _stamp(name) == before:
                self._remember(name, before, found)
                return found
        raise OSError(f"{path} changes while it is read")

    def _remember(self, name: str, stamp: list[int], digest: str) -> None:
        if time.time_ns() - stamp[1] < SETTLED_NS:
            return
        with self._lock:
            self._known[name] = stamp, digest
            while len(self._known) > MAX_REMEMBERED:
                del self._known[next(iter(self._known))]
            if self._memory is not None:
                _save(self._memory, self._known)


def _digest(name: str) -> str:
    with open(name, "rb") as file:  # noqa: PTH123 - one string, no Path, on the way to every hit
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(name: str) -> list[int]:
    found = os.stat(name)  # noqa: PTH116
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _load(memory: Path) -> dict[str, tuple[list[int], str]]:
    """What is remembered; nothing where the file is not there or not ours."""
    try:
        stored = json.loads(memory.read_bytes())
        return {str(name): ([int(part) for part in stamp], str(digest)) for name, (stamp, digest) in stored.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _save(memory: Path, known: dict[str, tuple[list[int], str]]) -> None:
    """As a whole or not at all; two processes at once: one of them is remembered."""
    draft = memory.with_name(f"{memory.name}.{uuid4().hex}")
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(memory)
    except OSError as error:
        logger.debug("digests are not remembered in %s: %s", memory, error)
        with contextlib.suppress(OSError):
            draft.unlink()
