"""Records by name, read once, and single values of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from evals.record import RESULTS
from evals.suite.steps import command_of
from yofo_rerank.errors import ConfigError


class Missing(ConfigError):
    """A record that is not there; the message says which command makes it."""


class Records:
    """The records of a folder."""

    def __init__(self, folder: Path = RESULTS) -> None:
        self.folder = folder

    @cached_property
    def read(self) -> Mapping[str, Mapping[str, Any]]:
        """Every record by its name."""
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.folder.glob("*.json"))}

    def __contains__(self, name: str) -> bool:
        return name in self.read

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self.read:
            raise Missing(f"not measured yet: run `{command_of(name)}`")
        return self.read[name]

    def figures(self, name: str) -> Mapping[str, Any]:
        """What the record found."""
        return self[name]["figures"]

    def value(self, path: str) -> Any:
        """One value by `record/key/.../key`; keys are of `figures`, or begin with `settings` or `about`.

        Raises:
            Missing: the record is not there.
            ConfigError: the record has no such value.
        """
        name, *keys = path.split("/")
        record = self[name]
        found: Any = record if keys[:1] in (["settings"], ["about"]) else record["figures"]
        for key in keys:
            place: Any = int(key) if isinstance(found, list) and key.lstrip("-").isdigit() else key
            try:
                found = found[place]
            except (KeyError, IndexError, TypeError):
                raise ConfigError(f"the record {name!r} has no value {path!r}: no {key!r}") from None
        return found
