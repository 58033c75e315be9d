"""Memory of judging many pictures: what 5,000 take above 200, each in a process of its own.

    python -m evals.bench.memory
    python -m evals.bench.memory --images 500    # to try it out

The pictures are JPEG files, judged in one call by mini, without kept states: only what waits for a pass is in memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from evals.bench.clock import peak_memory
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge

TARGET_MB = 200
REQUIREMENTS = ("not pink", "a dress", "long sleeves")


def save_pictures(folder: Path, n: int, side: int) -> None:
    """JPEGs that all differ."""
    rng = np.random.default_rng(0)
    for number in range(n):
        blocks = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        blocks.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:05}.jpg", quality=85)


def judge_pictures(folder: Path, n: int) -> dict[str, Any]:
    """Judge the first n pictures of a folder in one call; the most memory that this process held."""
    judge = YofoJudge.from_pretrained("mini", cache_bytes=0)
    judge.judge([Document(text="warm up")], REQUIREMENTS)
    loaded = peak_memory()
    paths = sorted(folder.iterdir())[:n]
    found = judge.judge([Document(image=path, id=path.name) for path in paths], REQUIREMENTS)
    if len(found) != n or not all(len(one) == len(REQUIREMENTS) for one in found):
        raise RuntimeError(f"wanted judgements of {n} pictures, but got those of {len(found)}")
    return {"loaded_bytes": loaded, "peak_bytes": peak_memory(), "forward_passes": judge.stats.forward_passes}


def in_a_process_of_its_own(folder: Path, n: int) -> dict[str, Any]:
    """A peak never falls, so every number of pictures needs one."""
    command = [sys.executable, "-m", "evals.bench.memory", "--images", str(n), "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    return json.loads(done.stdout.splitlines()[-1])


def measure(folder: Path, few: int, many: int, side: int) -> dict[str, Any]:
    """Peaks for few and for many pictures."""
    save_pictures(folder, many, side)
    runs = {str(n): in_a_process_of_its_own(folder, n) for n in (few, many)}
    if any(run["peak_bytes"] is None for run in runs.values()):
        raise RuntimeError("this system does not say how much memory a process held")
    return {"runs": runs, "above_mb": (runs[str(many)]["peak_bytes"] - runs[str(few)]["peak_bytes"]) / 1e6}


def main(
    few: Annotated[int, typer.Option(min=1, help="pictures of the smaller run")] = 200,
    images: Annotated[int, typer.Option(min=2, help="pictures of the larger run")] = 5000,
    side: Annotated[int, typer.Option(min=32, help="pixels a side of a picture")] = 448,
    folder: Annotated[Path | None, typer.Option(help="judge the pictures here and print a report; for itself")] = None,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_memory.json",
) -> None:
    """Measure the memory of judging many pictures."""
    if folder is not None:
        typer.echo(json.dumps(judge_pictures(folder, images)))
        return
    with tempfile.TemporaryDirectory(prefix="yofo-bench-") as temporary:
        figures = measure(Path(temporary), few, images, side)
    print_table(
        f"Memory of judging pictures of {side} x {side} pixels, MB",
        ("pictures", "model loaded", "most", "passes"),
        [
            (n, run["loaded_bytes"] / 1e6, run["peak_bytes"] / 1e6, run["forward_passes"])
            for n, run in figures["runs"].items()
        ],
        caption=f"{figures['above_mb']:.0f} MB above; target < {TARGET_MB}",
    )
    settings = {"few": few, "images": images, "side": side, "requirements": len(REQUIREMENTS)}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
