"""The paper's own figures, as citation: `paper.json`, with the number of the table that each comes from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from evals.report.content import Table

SOURCE = Path(__file__).parent / "paper.json"


@cache
def read_paper() -> dict[str, Any]:
    """Title, source and tables."""
    found: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    return found


def paper_table(name: str) -> Table:
    """One table of the paper, marked as the paper's.

    >>> paper_table("table 4").source
    'paper, table 4'
    """
    table = read_paper()["tables"][name]
    rows = tuple(tuple(_shown(cell) for cell in row) for row in table["rows"])
    return Table(table["caption"], tuple(table["columns"]), rows, source=f"paper, {name}")


def _shown(cell: str | float | None) -> str:
    return "-" if cell is None else str(cell)
