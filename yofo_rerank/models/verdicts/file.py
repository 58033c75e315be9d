"""Verdicts on disk: one SQLite file for any number of models, processes and threads.

Write-ahead logging: readers never wait, a killed process loses at most the transaction it was in. A row carries a
checksum, so that a damaged file gives fewer answers, never wrong ones. What cannot be read or written is said once,
and judged again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from struct import error as StructError
from struct import pack
from typing import TypeVar

from yofo_rerank.errors import VerdictsError
from yofo_rerank.models.verdicts.answer import Answer
from yofo_rerank.models.verdicts.opening import open_database, path_of

logger = logging.getLogger(__name__)

_AT_ONCE = 400  # documents or texts in one query; SQLite once took 999 values

_READ = (
    "SELECT document, text, log_odds, label_mass, checksum FROM verdicts "
    "WHERE model = ? AND document IN ({}) AND text IN ({})"
)
_WRITE = "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)"

Item = TypeVar("Item")
Result = TypeVar("Result")


class VerdictFile:
    """The verdicts of one model in a file.

    Args:
        where: file or folder, see `path_of`.
        identity: of the model; another one's verdicts are never read.

    Raises:
        VerdictsError: the file holds something else, or was written by a later version of this library.
    """

    def __init__(self, where: str | Path, identity: bytes) -> None:
        self.path = path_of(where)
        self._identity = identity
        self._process, self._lock = os.getpid(), threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inherited: list[sqlite3.Connection] = []  # a parent process's: neither used nor closed here
        self._model = 0
        self._troubles: set[str] = set()
        self._opened()

    def read(self, documents: Sequence[bytes], texts: Sequence[str]) -> dict[tuple[bytes, str], Answer]:
        """The known ones among all pairs; none where the file cannot be read any more."""
        texts = [text for text in texts if _is_storable(text)]
        with self._held():
            return self._tried("read", lambda connection: self._read(connection, documents, texts)) or {}

    def write(self, answers: Mapping[tuple[bytes, str], Answer]) -> None:
        """Keep them, in one transaction; what was known is replaced."""
        with self._held():
            self._tried("written", lambda connection: self._write(connection, answers))

    def close(self) -> None:
        """Let the file go; the next read or write opens it again."""
        with self._held():
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _read(
        self, connection: sqlite3.Connection, documents: Sequence[bytes], texts: Sequence[str]
    ) -> dict[tuple[bytes, str], Answer]:
        found = {}
        for some in _chunks(documents):
            for lines in _chunks(texts):
                query = _READ.format(",".join("?" * len(some)), ",".join("?" * len(lines)))
                for document, text, log_odds, label_mass, checksum in connection.execute(
                    query, (self._model, *some, *lines)
                ):
                    answer = Answer(log_odds, label_mass)
                    if _is_checksum(checksum, self._identity, document, text, answer):
                        found[document, text] = answer
                    else:
                        self._say("trusted", "an entry does not match its checksum")
        return found

    def _write(self, connection: sqlite3.Connection, answers: Mapping[tuple[bytes, str], Answer]) -> None:
        rows = [
            (self._model, document, text, *answer, _checksum(self._identity, document, text, answer))
            for (document, text), answer in answers.items()
            if _is_storable(text)
        ]
        with connection:  # one transaction
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_WRITE, rows)

    def _tried(self, what: str, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """The work's result, or None with one warning of each kind where the file fails."""
        try:
            return work(self._opened())
        except (sqlite3.Error, OSError, VerdictsError, ValueError) as error:  # ValueError: text that is not UTF-8
            self._say(what, str(error))
            return None

    def _say(self, what: str, reason: str) -> None:
        if what not in self._troubles:
            self._troubles.add(what)
            logger.warning(
                "kept verdicts in %s cannot be %s: %s; judging goes on without them", self.path, what, reason
            )

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection, self._model = open_database(self.path, self._identity)
        return self._connection

    def _held(self) -> threading.RLock:
        """The lock; after a fork a new one and no connection: those are the parent's, which may be using them."""
        if self._process != os.getpid():
            self._process, self._lock = os.getpid(), threading.RLock()
            if self._connection is not None:
                self._inherited.append(self._connection)
                self._connection = None
        return self._lock

    def __del__(self) -> None:
        self.close()


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def _checksum(identity: bytes, document: bytes, text: str, answer: Answer) -> int:
    """Over all of a row; SQLite itself does not notice a flipped bit."""
    mass = -1.0 if answer.label_mass is None else answer.label_mass
    numbers = pack("<dd", answer.log_odds + 0.0, mass + 0.0)  # SQLite keeps -0.0 as 0.0
    return zlib.crc32(b"".join((identity, document, text.encode(), numbers)))


def _is_checksum(checksum: object, identity: bytes, document: bytes, text: str, answer: Answer) -> bool:
    try:
        return checksum == _checksum(identity, document, text, answer)
    except (AttributeError, TypeError, StructError):  # damage may change the type of a value, too
        return False


def _is_storable(text: str) -> bool:
    """Half a surrogate pair has no UTF-8 form."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
