"""Accuracy by place in the template, base against YOFO (the paper's figure 6).

    python -m evals.contestants --train yofo
    python -m evals.positions

Every statement is judged at every place: the list is rotated, so that places are compared on the same statements.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.ablations import PAIRED, compare, end, held_out_task, judged
from evals.accuracy import accuracy_by, position_gap, shares_by_document
from evals.attention import Task
from evals.contestants.kept_judge import Asked
from evals.contestants.recipes import RUNS
from evals.contestants.scorers import BASE, SHIPPED, ZERO_SHOT
from evals.record import RESULTS, print_table, write_record

NAMES = {"base, zero-shot": ZERO_SHOT, "base": BASE, "yofo": "yofo", "yofo, as shipped": SHIPPED}


def measured(judge: Asked, task: Task, rotations: int) -> dict[str, Any]:
    """Accuracy at each place, over so many rotations of each list."""
    verdicts = []
    for at in range(rotations):
        shift = at * len(task[0][1]) // rotations
        verdicts += judged(judge, [(document, [*said[shift:], *said[:shift]]) for document, said in task])
    places = accuracy_by(verdicts, lambda one: one.position)
    return {
        "by_position": [asdict(places[place]) for place in sorted(places)],
        "gap": position_gap(places),
        PAIRED: {"": shares_by_document(verdicts)},  # of all rotations together
    }


def main(
    documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="ten statements each")] = 100,
    rotations: Annotated[int, typer.Option(min=1, max=10, help="of each list of statements")] = 10,
    seed: Annotated[int, typer.Option(help="training used others")] = 9002,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "positions.json",
) -> None:
    """Measure accuracy by place."""
    torch.set_num_threads(1)
    task = held_out_task(documents, seed)
    asked = {"program": "positions", "documents": documents, "rotations": rotations, "seed": seed}
    figures = compare(NAMES, folder, lambda judge: measured(judge, task, rotations), against="yofo", asked=asked)
    found = figures["contestants"]
    n = len(task[0][1])
    rows = [(at + 1, *(one["by_position"][at]["mean"] for one in found.values())) for at in range(n)]
    rows.append(("gap", *(one["gap"] for one in found.values())))
    print_table("Accuracy by place in the template", ("place", *found), rows)
    settings = {
        "documents": documents, "rotations": rotations, "seed": seed, "attention": "joint", "repeats": 1
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    end(figures, skip_missing=skip_missing)


if __name__ == "__main__":
    typer.run(main)
