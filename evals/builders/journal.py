"""What was answered, one JSON line each, on the disk before the next question: a killed run forgets nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.builders.images import PARTS
from yofo_rerank.errors import ConfigError

_COSTS = ("asked", "input_tokens", "output_tokens")


class Entry(BaseModel):
    """The outcome of one question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str  # digests of the images
    images: list[str]  # names in the build's folder
    digests: list[str]
    state: Literal["written", "failed", "open"]  # open: the server did not answer; to be asked again
    reply: dict[str, Any] | None = None
    problem: str | None = None
    asked: int = 1  # times, refused replies included
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def split(self) -> str:
        """`train` or `validation`; all images of a question are on one side."""
        return "validation" if int(self.digests[0][:15], 16) % PARTS == 0 else "train"


class Lines:
    """A file of JSON lines that is only ever added to; a last line that was cut off is taken away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab")
        self._end_at_a_line()

    def add(self, line: dict[str, Any]) -> None:
        """Write one line and wait until the disk has it."""
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _end_at_a_line(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file, or none where there is no file.

    Raises:
        ConfigError: a line that is no JSON object; names it.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):  # cut off when it was written
                return
            try:
                value = json.loads(line)
            except ValueError as error:
                raise ConfigError(f"{path}:{number}: not JSON; the file was changed by something else") from error
            if not isinstance(value, dict):
                raise ConfigError(f"{path}:{number}: wanted an object, but got {type(value).__name__}")
            yield value


def read_journal(folder: Path) -> dict[str, Entry]:
    """Key -> the newest outcome, with what all outcomes of the key have cost."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(read_lines(folder / "journal.jsonl"), start=1):
        try:
            entry = Entry.model_validate(line)
        except ValidationError as error:
            problem = error.errors()[0]
            raise ConfigError(f"{folder / 'journal.jsonl'}:{number}: {problem['loc']}: {problem['msg']}") from error
        if (before := entries.get(entry.key)) is not None:
            spent = {name: getattr(before, name) + getattr(entry, name) for name in _COSTS}
            entry = entry.model_copy(update=spent)
        entries[entry.key] = entry
    return entries


@contextmanager
def only_writer(folder: Path, name: str) -> Iterator[None]:
    """One process at a time; a killed one leaves no lock behind.

    Raises:
        ConfigError: another process holds it.
    """
    try:
        with FileLock(folder / f".{name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise ConfigError(f"{folder}: another process is at work here ({name})") from error
