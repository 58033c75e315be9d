"""SECURITY.md's table of what was tried how often, made of the record; `python -m tests.attack.table` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from evals.record import RESULTS
from tests.attack.every import ENTRIES

SECURITY = Path(__file__).parents[2] / "SECURITY.md"
START, END = "<!-- attack: made by python -m tests.attack.table -->\n", "<!-- /attack -->\n"


def render(record: dict) -> str:
    """The table, in Markdown."""
    counts = record["figures"]["entries"]
    lines = ["| what is tried | times | lost | crashed | let in |", "|---|---:|---:|---:|---:|"]
    for is_fault in (False, True):
        group = [entry for entry in ENTRIES if entry.is_fault == is_fault]
        lines += [_line(entry.tried, [counts[entry.name]]) for entry in group]
        lines.append(
            _line("**faults in all**" if is_fault else "**inputs in all**", [counts[one.name] for one in group])
        )
    about = record["about"]
    return "\n".join(
        [*lines, "", f"Counted on {about['date'][:10]} with Python {about['python']}, by `{COMMAND}`.", ""]
    )


COMMAND = "make attack"


def _line(name: str, counts: list[dict]) -> str:
    sums = [sum(count[field] for count in counts) for field in ("inputs", "lost", "crashed", "let_in")]
    return f"| {name} | " + " | ".join(f"{one:,}" for one in sums) + " |"


def with_table(text: str, table: str) -> str:
    """The document with the table in its place."""
    before, _, rest = text.partition(START)
    return before + START + table + END + rest.partition(END)[2]


def read_record() -> dict:
    """What the long form wrote last."""
    return json.loads((RESULTS / "attack.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    SECURITY.write_text(with_table(SECURITY.read_text(encoding="utf-8"), render(read_record())), encoding="utf-8")
