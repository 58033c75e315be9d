"""What evidence costs at full size, in units of one read behind a kept prefix state.

    python -m evals.bench.evidence_cost              # about 5 GB of disk below --folder, 6 GiB of memory; minutes
    python -m evals.bench.evidence_cost --layers 2   # to try it out

Weights are random: what a picture shows does not change the time. Both are measured in turn, so that their ratio holds
on a machine that does more.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.clock import middle, seconds
from evals.bench.full_size import run_program
from evals.bench.one_model import make_requirements, noise_documents
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import YofoJudge
from yofo_rerank.evidence import grid_windows


def measure(folder: Path, *, pixels: int, repeats: int) -> dict[str, Any]:
    """Seconds of evidence for one requirement, and of one new requirement read behind the same state."""
    judge = YofoJudge.from_pretrained(str(folder / "base"), adapter=str(folder / "adapter"), device="cpu")
    model = judge._slot_model()
    requirements = make_requirements(model.maker.tokenizer, 2 * repeats + 1)
    [document] = noise_documents(1, pixels, seed=0)
    judge.judge([document], requirements[-1:])
    evidence, reads = [], []
    for repeat in range(repeats):
        reads.append(seconds(judge.judge, [document], requirements[2 * repeat : 2 * repeat + 1]))
        evidence.append(seconds(judge.evidence, document, requirements[2 * repeat + 1 : 2 * repeat + 2]))
    [part] = model.prepare(document).parts
    return {
        "image_tokens": part.n_tokens,
        "windows": len(grid_windows(part.grid)) if part.grid else 0,
        "cached_read_seconds": middle(reads),
        "evidence_seconds": middle(evidence),
        "evidence_in_cached_reads": middle(evidence)["median"] / middle(reads)["median"],
    }


def main(
    shape: Annotated[str, typer.Option(help="qwen3-vl-2b or qwen2-vl-2b")] = "qwen3-vl-2b",
    folder: Annotated[Path | None, typer.Option(help="keep the weights here; by default a temporary folder")] = None,
    layers: Annotated[int, typer.Option(min=0, help="fewer layers, to try it out; 0 = all")] = 0,
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of the image")] = 448,
    repeats: Annotated[int, typer.Option(min=1, help="of every measurement")] = 3,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_evidence.json",
) -> None:
    """Measure the cost of evidence on the CPU."""
    with tempfile.TemporaryDirectory(prefix="yofo-bench-") as temporary:
        where = folder or Path(temporary)
        run_program("evals.bench.random_weights", [shape, str(where), "--layers", str(layers), "--pixels", str(pixels)])
        figures = measure(where, pixels=pixels, repeats=repeats)
    settings = {"shape": shape, "layers": layers, "pixels": pixels, "repeats": repeats, "device": "cpu"}
    rows = [(name, value) for name, value in figures.items() if isinstance(value, int | float)]
    print_table("Evidence at full size, random weights", ("", shape), rows)
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
