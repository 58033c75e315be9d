"""Where published data sets come from and under which licence; one that is absent is one clear error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yofo_rerank.errors import YofoError


class MissingData(YofoError, FileNotFoundError):
    """A data set, or a part of it, is not there; says where it comes from and under which licence."""

    default_code = "missing_data"


class BadData(YofoError, ValueError):
    """A file is there, but is not laid out as its makers published it; names the place."""

    default_code = "bad_data"


@dataclass(frozen=True)
class Origin:
    """A published data set, as data.

    >>> Origin("DSG-1k", "https://github.com/j-min/DSG", "Apache-2.0").describe()
    'DSG-1k comes from https://github.com/j-min/DSG under Apache-2.0'
    """

    name: str
    where: str
    licence: str
    images: str = ""  # where its images come from, if not from the same place

    def describe(self) -> str:
        """One sentence."""
        images = f"; its images come from {self.images}" if self.images else ""
        return f"{self.name} comes from {self.where} under {self.licence}{images}"

    def find(self, folder: str | Path | None, *names: str) -> Path:
        """The first of these files or folders inside `folder`.

        Raises:
            MissingData: there is none, or no folder was given.
        """
        wanted = " or ".join(names)
        if folder is None:
            raise MissingData(f"{self.name} needs --source, a folder with {wanted}; {self.describe()}")
        found = next((path for name in names if (path := Path(folder) / name).exists()), None)
        if found is None:
            raise MissingData(f"{str(folder)!r} holds no {wanted}; {self.describe()}")
        return found


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, one at a time.

    Raises:
        BadData: a line is no JSON object; names file and line.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadData(f"{path}:{number}: {error}") from error
            if not isinstance(found, dict):
                raise BadData(f"{path}:{number}: wanted an object, but got {type(found).__name__}")
            yield found


def field(row: dict[str, Any], path: Path, *names: str) -> Any:
    """The first of these fields of a row.

    Raises:
        BadData: the row has none of them.
    """
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    raise BadData(f"{path}: wanted {' or '.join(names)} in every row, but got one with {', '.join(map(str, row))}")
