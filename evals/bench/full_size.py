"""The 2B models of the paper with random weights: memory, one pass against ten, cached against cold, beside arithmetic.

    python -m evals.bench.full_size                  # about 15 GB of disk below --folder; minutes; < 12 GiB of memory
    python -m evals.bench.full_size --layers 2       # to try it out
    python -m evals.bench.full_size --device cuda --documents 64

Weights, a real processor and a LoRA adapter (r = 64) are written to disk and loaded back with
`YofoJudge.from_pretrained(folder, adapter=folder)`. Building and measuring are programs of their own, one after the
other, so that each one's memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.arithmetic import Tokens, cost
from evals.bench.shapes import SHAPES, Shape, get_shape
from evals.record import RESULTS, print_table, write_record

MEMORY_TARGET_GIB = 12
PREFIX_TEXT, PER_REQUIREMENT, SHARED = 16, 12, 20  # tokens of the reference template that the targets were computed for


def run_shape(name: str, folder: Path, *, layers: int, pixels: int, options: list[str]) -> dict[str, Any]:
    """Build, measure and compare one shape."""
    shape = get_shape(name).reduced(layers) if layers else get_shape(name)
    where = folder / f"{name}-{layers or 'all'}-{pixels}"
    common = [name, str(where), "--layers", str(layers), "--pixels", str(pixels)]
    built = run_program("evals.bench.random_weights", common)
    measured = run_program("evals.bench.one_model", [*common, *options])
    return {
        "parameters": built["parameters"],
        "shards": built["shards"],
        "building_peak_memory_gib": (built["peak_memory"] or 0) / 2**30,
        "measured": measured,
        "arithmetic": arithmetic_of(shape, Tokens(**measured["tokens"])),
        "arithmetic_reference": arithmetic_of(
            shape,
            Tokens(
                PREFIX_TEXT, shape.image_tokens(pixels), PER_REQUIREMENT, measured["tokens"]["requirements"], SHARED
            ),
        ),
    }


def arithmetic_of(shape: Shape, tokens: Tokens) -> dict[str, float]:
    """What a pair costs and what is to be gained, on paper."""
    found = cost(shape, tokens)
    return {
        "vision_tflop": found.vision / 1e12,
        "prefix_tflop": found.prefix / 1e12,
        "template_tflop": found.template / 1e12,
        "one_pass_ratio": found.one_pass_ratio,
        "cached_ratio": found.cached_ratio,
    }


def run_program(module: str, arguments: list[str]) -> dict[str, Any]:
    """Run one of our programs and read the JSON in its last line; its messages go to stderr as they come."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def print_figures(figures: dict[str, Any]) -> None:
    """The tables."""
    print_table(
        "Full-size shapes, random weights",
        (
            "model",
            "parameters",
            "peak GiB",
            "GPU GiB",
            "one pass s",
            "cached s",
            "10 passes s",
            "pairs/s",
            "cached pairs/s",
        ),
        [
            (
                name,
                f"{found['parameters']:,}",
                found["measured"]["peak_memory_gib"],
                found["measured"]["gpu_peak_memory_gib"],
                found["measured"]["one_pass_seconds"]["median"],
                found["measured"]["cached_seconds"]["median"],
                found["measured"]["pass_per_requirement_seconds"]["median"],
                found["measured"]["pairs_per_second_cold"],
                found["measured"]["pairs_per_second_cached"],
            )
            for name, found in figures.items()
        ],
        caption=f"memory target: below {MEMORY_TARGET_GIB} GiB",
    )
    print_table(
        "Ratios, measured and on paper",
        ("model", "one pass : ten", "on paper", "reference", "cached : cold", "on paper", "reference"),
        [
            (
                name,
                *(
                    found[source][ratio]
                    for ratio in ("one_pass_ratio", "cached_ratio")
                    for source in ("measured", "arithmetic", "arithmetic_reference")
                ),
            )
            for name, found in figures.items()
        ],
        caption=f"on paper: for the tokens judged; reference: {SHARED} + 10 x {PER_REQUIREMENT} template tokens",
    )


def main(
    shapes: Annotated[list[str], typer.Option("--shape", help="which models")] = list(SHAPES),  # noqa: B006
    folder: Annotated[Path | None, typer.Option(help="keep the weights here; by default a temporary folder")] = None,
    layers: Annotated[int, typer.Option(min=0, help="fewer layers, to try it out; 0 = all")] = 0,
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of an image")] = 448,
    documents: Annotated[int, typer.Option(min=1, help="judged in one call")] = 1,
    repeats: Annotated[int, typer.Option(min=1, help="of every measurement")] = 2,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; by default cuda where there is one")] = None,
    batch_tokens: Annotated[int, typer.Option(min=1, help="tokens in one forward pass")] = 8192,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_full_size.json",
) -> None:
    """Measure models of full size."""
    options = ["--documents", str(documents), "--repeats", str(repeats), "--batch-tokens", str(batch_tokens)]
    options += ["--device", device] if device else []
    figures = {}
    for name in shapes:
        with tempfile.TemporaryDirectory(prefix="yofo-bench-") as temporary:  # one at a time: 5 GB each
            figures[name] = run_shape(name, folder or Path(temporary), layers=layers, pixels=pixels, options=options)
    print_figures(figures)
    settings = {
        "shapes": shapes, "layers": layers, "pixels": pixels, "documents": documents, "repeats": repeats,
        "device": device, "batch_tokens": batch_tokens,
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
