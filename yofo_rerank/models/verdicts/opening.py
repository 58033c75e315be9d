"""Open an SQLite file of verdicts: ours or a new one, nothing else; read-only where it cannot be written."""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from yofo_rerank.errors import VerdictsError

logger = logging.getLogger(__name__)

FILE_NAME = "verdicts.sqlite"
APPLICATION = 0x796F666F  # "yofo", in the file's header
VERSION = 1
WAIT_SECONDS = 5.0  # for another process that is writing
NO_MODEL = 0  # a number that no model gets

_TABLES = (
    "CREATE TABLE models (id INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE)",
    """CREATE TABLE verdicts (
        model INTEGER NOT NULL, document BLOB NOT NULL, text TEXT NOT NULL,
        log_odds REAL NOT NULL, label_mass REAL, checksum INTEGER NOT NULL,
        PRIMARY KEY (model, document, text)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


def path_of(where: str | Path) -> Path:
    """The file: as given, or `verdicts.sqlite` in a folder; a name that is not there yet and has no suffix is a folder.

    >>> path_of("no/such/folder").name, path_of("no/such/file.db").name
    ('verdicts.sqlite', 'file.db')
    """
    path = Path(where).expanduser().absolute()
    return path / FILE_NAME if path.is_dir() or not (path.suffix or path.is_file()) else path


def open_database(path: Path, identity: bytes) -> tuple[sqlite3.Connection, int]:
    """A connection, and the number that the model of this identity has in the file.

    Raises:
        VerdictsError: it cannot be opened, holds something else, or was written by a later version of this library.
    """
    try:
        return _open(path, identity, writable=True)
    except sqlite3.OperationalError as error:
        if not path.is_file():
            raise VerdictsError(f"cannot open {str(path)!r} for verdicts: {error}") from error
        try:
            opened = _open(path, identity, writable=False)
        except sqlite3.Error:
            raise VerdictsError(f"cannot open {str(path)!r} for verdicts: {error}") from error
        logger.warning("%s can only be read (%s): new verdicts are not kept there", path, error)
        return opened
    except (OSError, sqlite3.Error) as error:
        raise VerdictsError(f"cannot open {str(path)!r} for verdicts: {error}") from error


def _open(path: Path, identity: bytes, *, writable: bool) -> tuple[sqlite3.Connection, int]:
    if writable:
        path.parent.mkdir(parents=True, exist_ok=True)
    # immutable: a write-ahead log needs a second file, which cannot be made on a read-only disk
    how = "mode=rwc" if writable else "mode=ro&immutable=1"
    uri = f"file:{quote(str(path))}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, check_same_thread=False, isolation_level=None)
    try:
        if writable:
            _prepare(connection, path)
        _check(connection, path)
        return connection, _model_number(connection, identity, writable=writable)
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables where the file is empty; two processes that do so at once make them once."""
    if _pragma(connection, "application_id") != APPLICATION and _is_empty(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _is_empty(connection):
                for statement in _TABLES:
                    connection.execute(statement)
        finally:
            connection.execute("COMMIT")
    _check(connection, path)
    connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing that was committed
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait for others here, so we do."""
    end = time.monotonic() + WAIT_SECONDS
    done = _pragma(connection, "journal_mode") == "wal"
    while not done:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            done = True  # or it stays as it is, as on some network disks: slower and as safe
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION:
        raise VerdictsError(f"{str(path)!r} is an SQLite file of another program; wanted one with verdicts, or none")
    version = _pragma(connection, "user_version")
    if version != VERSION:
        raise VerdictsError(
            f"{str(path)!r} has verdicts of version {version}; this version of the library knows {VERSION}"
        )


def _model_number(connection: sqlite3.Connection, identity: bytes, *, writable: bool) -> int:
    if writable:
        connection.execute("INSERT OR IGNORE INTO models (identity) VALUES (?)", (identity,))
    found = connection.execute("SELECT id FROM models WHERE identity = ?", (identity,)).fetchone()
    return found[0] if found else NO_MODEL


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int | str:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
