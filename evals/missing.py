"""What could not be measured, because a checkpoint, an extra or a data set is absent: named, skipped, listed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from evals.data_sets import MissingData
from evals.program import MISSING
from evals.record import print_table, write_record
from evals.systems import MissingModel, System, open_system
from yofo_rerank.errors import ConfigError

Absent = MissingData | MissingModel


@dataclass
class Missing:
    """Collects what is absent; `close` prints it, and ends the program with `MISSING` unless that was agreed to."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, error: Absent, records: Mapping[Path, dict[str, Any]]) -> None:
        """Name it, and say so in the records that would have been written, unless they hold figures."""
        self.rows.append((name, error.code, str(error)))
        typer.echo(f"skipped: {error}", err=True)
        for path, settings in records.items():
            if not is_measured(path):
                write_record(path, settings=settings, figures={"missing": [{"name": name, "reason": str(error)}]})

    def close(self, *, skip: bool) -> None:
        """The table of what is missing, and the exit code."""
        if self.rows:
            print_table("Missing", ("what", "code", "why"), self.rows)
            raise typer.Exit(0 if skip else MISSING)


def open_systems(names: Sequence[str], **options: Any) -> tuple[dict[str, System], dict[str, MissingModel]]:
    """The contestants by name, and those that are absent; options as `open_system`."""
    if options.get("source") and len(names) > 1:
        raise ConfigError(f"a model source is for one model, but got {', '.join(names)}")
    systems: dict[str, System] = {}
    absent: dict[str, MissingModel] = {}
    for name in names:
        try:
            systems[name] = open_system(name, **options)
        except MissingModel as error:
            absent[name] = error
    return systems, absent


def is_measured(record: Path) -> bool:
    """Whether a record is there and has figures."""
    if not record.is_file():
        return False
    return "missing" not in json.loads(record.read_text(encoding="utf-8"))["figures"]
