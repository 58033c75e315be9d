"""What training and post-hoc reasons bring: base, YOFO, YOFO with reasons (the paper's table 3).

    python -m evals.contestants --train yofo,yofo-reasons
    python -m evals.reasons

The base of mini was trained by judging statements, so that it is no bare model as the paper's is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from evals.ablations import accuracies, compare, end, held_out_task, judged, print_contestants
from evals.contestants.recipes import RUNS
from evals.contestants.scorers import BASE, SHIPPED, ZERO_SHOT
from evals.record import RESULTS, write_record

NAMES = {
    "base, zero-shot": ZERO_SHOT,
    "base": BASE,
    "yofo": "yofo",
    "yofo + reasons": "yofo-reasons",
    "yofo, as shipped": SHIPPED,
}


def main(
    documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="ten statements each")] = 300,
    seed: Annotated[int, typer.Option(help="training used others")] = 9001,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "reasons.json",
) -> None:
    """Measure what training and reasons bring."""
    torch.set_num_threads(1)
    task = held_out_task(documents, seed)
    figures = compare(NAMES, folder, lambda judge: accuracies(judged(judge, task)), against="yofo")
    print_contestants("Training and post-hoc reasons", figures, ("acc_property", "acc_sample"))
    settings = {"documents": documents, "seed": seed, "attention": "joint", "repeats": 1}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    end(figures, skip_missing=skip_missing)


if __name__ == "__main__":
    typer.run(main)
