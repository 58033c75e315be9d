"""How long importing takes, and whether it loads torch.

python -m evals.bench.import_time
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.clock import middle
from evals.record import RESULTS, print_table, write_record

STATEMENTS = (
    "import yofo_rerank",
    "from yofo_rerank import Document, Requirement",
    "from yofo_rerank import YofoJudge, YofoReranker",
)
_PROGRAM = """
import json, sys, time
started = time.perf_counter()
{statement}
print(json.dumps([time.perf_counter() - started, "torch" in sys.modules]))
"""


def measure(statement: str, repeats: int) -> dict[str, Any]:
    """Run a statement in fresh interpreters."""
    runs = [_run(statement) for _ in range(repeats)]
    return {"seconds": middle([took for took, _ in runs]), "imports_torch": any(torch for _, torch in runs)}


def _run(statement: str) -> tuple[float, bool]:
    program = _PROGRAM.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    took, torch = json.loads(done.stdout)
    return took, torch


def main(
    repeats: Annotated[int, typer.Option(min=1, help="fresh interpreters per statement")] = 5,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "import_time.json",
) -> None:
    """Measure imports; the target is 0.5 s for the first, without torch."""
    figures = {statement: measure(statement, repeats) for statement in STATEMENTS}
    rows = [(name, found["seconds"]["median"], found["imports_torch"]) for name, found in figures.items()]
    print_table("Import time", ("statement", "seconds (median)", "imports torch"), rows)
    typer.echo(f"wrote {write_record(output, settings={'repeats': repeats}, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
