"""All contestants: what each reads, from where, under which licence, and whether it runs here.

    python -m evals.baselines
    python -m evals.baselines --json

State: trained = runs here with weights made here (or needs none); tiny = its code path runs here on tiny random weights
of the real class; waits = nothing of it ran here.
"""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evals.baselines.checks import UNKNOWN
from evals.baselines.record import Baseline
from evals.baselines.registry import baselines
from evals.record import WIDTH

COLUMNS = ("name", "kind", "reads", "state", "parameters", "revision", "licence", "unverified")


def shown(record: Baseline) -> tuple[str, ...]:
    """The cells of a row."""
    return (
        record.name,
        record.kind,
        ", ".join(record.reads),
        record.state,
        record.parameters or "-",
        revision(record)[:12] if record.revision else revision(record),
        record.licence,
        record.unverified or "-",
    )


def revision(record: Baseline) -> str:
    """The one that is loaded; of a checkpoint of the hub without one, that nobody pinned it."""
    return record.revision or (UNKNOWN if "/" in (record.hub_id or "") else "-")


def main(as_json: Annotated[bool, typer.Option("--json", help="all fields, as a JSON list")] = False) -> None:
    """List all contestants."""
    records = baselines().values()
    if as_json:
        typer.echo(json.dumps([record.to_dict() | {"revision": revision(record)} for record in records], indent=1))
        return
    table = Table(title="Contestants", title_justify="left", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for record in records:
        table.add_row(*shown(record))
    console = Console()
    console.width = console.width if console.is_terminal else WIDTH
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
