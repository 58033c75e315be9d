"""One model in one process: fill a folder of prefix states, or judge behind it; `evals.bench.restart` runs both.

    python -m evals.bench.after_restart fill qwen3-vl-2b FOLDER
    python -m evals.bench.after_restart measure qwen3-vl-2b FOLDER

Pages of the states' files are dropped from memory first, so that they come from the disk. Every round judges a
document that nobody has seen and one that the other process saw, for requirements that it was not asked.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.clock import peak_memory, seconds
from evals.bench.one_model import REQUIREMENTS, make_requirements, noise_documents
from yofo_rerank import YofoJudge

SEEN, NEW = 0, 1000  # seeds of pictures


class Phase(StrEnum):
    """What this process does."""

    fill = "fill"
    measure = "measure"


def open_judge(folder: Path) -> tuple[YofoJudge, list[str]]:
    """A judge that keeps states on disk alone, and twice as many requirements as are asked at once."""
    from transformers import AutoTokenizer

    judge = YofoJudge.from_pretrained(
        str(folder / "base"), adapter=str(folder / "adapter"), device="cpu", states=folder / "states", cache_bytes=0
    )
    return judge, make_requirements(AutoTokenizer.from_pretrained(folder / "adapter"), 2 * REQUIREMENTS)


def fill(folder: Path, *, pixels: int, rounds: int) -> dict[str, Any]:
    """Judge the pictures that the next process will know."""
    judge, requirements = open_judge(folder)
    for number in range(rounds):
        judge.judge(noise_documents(1, pixels, seed=SEEN + number), requirements[:REQUIREMENTS])
    return {"forward_passes": judge.stats.forward_passes}  # the states are written before the process ends


def measure(folder: Path, *, pixels: int, rounds: int) -> dict[str, Any]:
    """Seconds of documents never seen, and of those that the last process saw."""
    judge, requirements = open_judge(folder)
    other = requirements[REQUIREMENTS:]
    loading = seconds(judge.judge, noise_documents(1, pixels, seed=NEW - 1), requirements[:REQUIREMENTS])
    sizes = drop_pages(folder / "states")
    cold, disk = [], []
    before = judge.stats
    for number in range(rounds):
        disk.append(seconds(judge.judge, noise_documents(1, pixels, seed=SEEN + number), other))
        cold.append(seconds(judge.judge, noise_documents(1, pixels, seed=NEW + number), other))
    hits = judge.stats.cache_hits - before.cache_hits
    if hits != rounds:
        raise RuntimeError(f"wanted {rounds} states from the disk, but found {hits}")
    return {
        "requirements": REQUIREMENTS,
        "loading_seconds": loading,
        "cold_seconds": {"min": min(cold), "all": cold},
        "disk_seconds": {"min": min(disk), "all": disk},
        "ratio": min(cold) / min(disk),
        "state_mib": max(sizes) / 2**20,
        "peak_memory_gib": (peak_memory() or 0) / 2**30,
    }


def drop_pages(folder: Path) -> list[int]:
    """Let the system forget the states' files where it can; their sizes."""
    sizes = []
    for path in folder.rglob("*.safetensors"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        sizes.append(path.stat().st_size)
    return sizes


def main(
    phase: Annotated[Phase, typer.Argument(help="fill first, then measure in a new process")],
    shape: Annotated[str, typer.Argument(help="for the reader of a list of processes")],
    folder: Annotated[Path, typer.Argument(help="with base/ and adapter/ of evals.bench.random_weights")],
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of an image")] = 448,
    rounds: Annotated[int, typer.Option(min=1, help="documents of each kind")] = 5,
) -> None:
    """Run one phase for one model; the last line printed is a JSON report."""
    run = fill if phase is Phase.fill else measure
    typer.echo(json.dumps({"shape": shape} | run(folder, pixels=pixels, rounds=rounds)))


if __name__ == "__main__":
    typer.run(main)
