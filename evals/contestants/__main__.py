"""`python -m evals.contestants --train NAME|all`: train the contestants of the mini suite; stop and resume."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import torch
import typer

from evals.contestants.pictures import make_pictures
from evals.contestants.recipes import PICTURES, RECIPES, RUNS, SECONDS, get_recipe, train


def main(
    train_: Annotated[str, typer.Option("--train", help="a name, several with commas, or all; see --help")] = "all",
    pictures: Annotated[int, typer.Option(min=20, help="drawn once for all contestants")] = PICTURES,
    seconds: Annotated[float, typer.Option(min=1, help="of processor, for each contestant; one thread")] = SECONDS,
    folder: Annotated[Path, typer.Option(help="pictures, checkpoints, logs, weights")] = RUNS,
    workers: Annotated[int, typer.Option(min=1, help="processes that draw")] = 1,
) -> None:
    """Train contestants on the same pictures with the same processor seconds."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    torch.set_num_threads(1)
    names = list(RECIPES) if train_ == "all" else train_.split(",")
    recipes = [get_recipe(name) for name in names]
    shelf = make_pictures(folder / "pictures", pictures, workers=workers)
    for recipe in recipes:
        typer.echo(f"{recipe.name}: {train(recipe, shelf, folder, seconds=seconds)}")


if __name__ == "__main__":
    typer.run(main)
