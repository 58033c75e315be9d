"""The rank of LoRA: 8, 32, 64, 128 with the same, short budget each (the paper's table 4).

python -m evals.contestants --train yofo-rank-8,yofo-rank-32,yofo-rank-64,yofo-rank-128
python -m evals.ranks
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from evals.ablations import accuracies, compare, end, held_out_task, judged, print_contestants
from evals.contestants.recipes import RUNS
from evals.record import RESULTS, write_record

NAMES = {f"rank {rank}": f"yofo-rank-{rank}" for rank in (8, 32, 64, 128)}


def main(
    documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="ten statements each")] = 300,
    seed: Annotated[int, typer.Option(help="training used others")] = 9001,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "ranks.json",
) -> None:
    """Measure ranks."""
    torch.set_num_threads(1)
    task = held_out_task(documents, seed)
    figures = compare(NAMES, folder, lambda judge: accuracies(judged(judge, task)), against="rank 64")
    print_contestants("Rank of LoRA", figures, ("acc_property", "acc_sample"))
    settings = {"documents": documents, "seed": seed, "attention": "joint", "repeats": 1}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    end(figures, skip_missing=skip_missing)


if __name__ == "__main__":
    typer.run(main)
