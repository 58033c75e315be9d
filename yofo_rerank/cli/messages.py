"""What a command says beside its results: notes, warnings and errors, a line each on stderr, each warning once."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import typer

logger = logging.getLogger("yofo_rerank.cli")
_PREFIXES = {logging.WARNING: ("warning: ", "yellow"), logging.ERROR: ("error: ", "red")}


def say(message: str) -> None:
    """A note."""
    logger.info(message)


def warn(message: str) -> None:
    """What the user should know before trusting the result."""
    logger.warning(message)


def complain(message: str) -> None:
    """Why the command failed."""
    logger.error(message)


@contextmanager
def speaking(*, quiet: bool = False) -> Iterator[None]:
    """Everybody's log records and warnings in one format; only errors when `quiet`."""
    handler, level, root = _Lines(logging.ERROR if quiet else logging.INFO), logger.level, logging.getLogger()
    logger.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: warn(str(message))
            yield
    finally:
        root.removeHandler(handler)
        logger.setLevel(level)


def is_quiet() -> bool:
    """Whether -q was given: no bars either."""
    return any(isinstance(one, _Lines) and one.level > logging.WARNING for one in logging.getLogger().handlers)


class _Lines(logging.Handler):
    """One line per record, without what could steer the terminal."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            prefix, colour = _PREFIXES.get(record.levelno, ("", None))
            line = prefix + one_line(record.getMessage())
            if record.levelno != logging.WARNING or line not in self._said:
                self._said.add(line)
                typer.secho(line, fg=colour, err=True)
        except Exception:  # noqa: BLE001  # logging's own way: a bad record must not end the command
            self.handleError(record)


def one_line(text: str) -> str:
    r"""The text on one line, control and direction characters as spaces.

    >>> one_line("a\x1b[31mb\nc")
    'a [31mb c'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
