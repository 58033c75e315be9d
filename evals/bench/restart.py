"""What a second query costs after a restart: prefix states from a folder, against judging anew, at full size.

    python -m evals.bench.restart                # 5 GB of disk at a time below --folder; minutes; < 8 GiB of memory
    python -m evals.bench.restart --layers 2     # to try it out

Random weights in the shapes of the paper's models. One process judges documents and ends; another one judges them for
other requirements, between documents that nobody has seen.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.full_size import run_program
from evals.bench.shapes import SHAPES, get_shape
from evals.record import RESULTS, print_table, write_record

TARGETS = {"qwen3-vl-2b": 2.5, "qwen2-vl-2b": 4}


def run_shape(name: str, folder: Path, *, layers: int, pixels: int, rounds: int) -> dict[str, Any]:
    """Build, fill and measure one shape."""
    where = folder / f"{name}-{layers or 'all'}-{pixels}"
    run_program("evals.bench.random_weights", [name, str(where), "--layers", str(layers), "--pixels", str(pixels)])
    shutil.rmtree(where / "states", ignore_errors=True)
    options = [name, str(where), "--pixels", str(pixels), "--rounds", str(rounds)]
    run_program("evals.bench.after_restart", ["fill", *options])
    return run_program("evals.bench.after_restart", ["measure", *options])


def main(
    shapes: Annotated[list[str], typer.Option("--shape", help="which models")] = list(SHAPES),  # noqa: B006
    folder: Annotated[Path | None, typer.Option(help="keep the weights here; by default a temporary folder")] = None,
    layers: Annotated[int, typer.Option(min=0, help="fewer layers, to try it out; 0 = all")] = 0,
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of an image")] = 448,
    rounds: Annotated[int, typer.Option(min=1, help="documents of each kind")] = 5,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_restart.json",
) -> None:
    """Measure the first query after a restart."""
    figures = {}
    for name in shapes:
        get_shape(name)
        with tempfile.TemporaryDirectory(prefix="yofo-bench-") as temporary:
            figures[name] = run_shape(name, folder or Path(temporary), layers=layers, pixels=pixels, rounds=rounds)
    print_table(
        f"One document x {next(iter(figures.values()))['requirements']} requirements, seconds (fastest of {rounds})",
        ("model", "cold", "state from disk", "ratio", "target", "state MiB", "peak GiB"),
        [
            (
                name,
                one["cold_seconds"]["min"],
                one["disk_seconds"]["min"],
                one["ratio"],
                f">= {TARGETS[name]}",
                one["state_mib"],
                one["peak_memory_gib"],
            )
            for name, one in figures.items()
        ],
    )
    settings = {"shapes": shapes, "layers": layers, "pixels": pixels, "repeats": rounds}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
