"""How the embedded models were made: time and learning curves of one run of `make train-mini`, from its own logs.

    make train-mini
    python -m evals.train_mini --folder runs/mini

The record holds the digests of the weights that the run made; a test holds the card of the base to them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.record import RESULTS, print_table, write_record

LESSONS = {"vision": "vision.jsonl", "language": "language.jsonl", "together": "together.jsonl"}
FIRST_STAGE = {"clip": "clip/clip.jsonl"}
BASE_WEIGHTS = "base/model.safetensors"
WEIGHTS = (BASE_WEIGHTS, "adapter/adapter_model.safetensors", "clip/open_clip_model.safetensors")


def from_log(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Steps, minutes and accuracy of a lesson; each start of the program counts its seconds from zero.

    >>> from_log([{"step": 50, "seconds": 60, "accuracy": 0.5}, {"step": 100, "seconds": 30, "accuracy": 0.75}])
    {'steps': 100, 'minutes': 1.5, 'accuracy': 0.75, 'curve': [[50, 0.5], [100, 0.75]]}
    """
    ends = [one["seconds"] for one, after in pairwise(lines) if after["seconds"] < one["seconds"]]
    return {
        "steps": lines[-1]["step"],
        "minutes": (sum(ends) + lines[-1]["seconds"]) / 60,
        "accuracy": lines[-1]["accuracy"],
        "curve": [[one["step"], one["accuracy"]] for one in lines],
    }


def from_history(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same of the adapter, from the Trainer's history; its accuracy is that of unseen examples."""
    judged = [one for one in entries if "eval_acc_property" in one]
    [end] = [one for one in entries if "train_runtime" in one]
    return {
        "steps": end["step"],
        "minutes": end["train_runtime"] / 60,
        "accuracy": judged[-1]["eval_acc_property"],
        "curve": [[one["step"], one["answer_loss"]] for one in entries if "answer_loss" in one],
    }


def measured(folder: Path) -> dict[str, Any]:
    """Every lesson of a finished run, and what it made."""
    lessons = {name: from_log(_lines(folder / file)) for name, file in (LESSONS | FIRST_STAGE).items()}
    lessons["adapter"] = from_history(json.loads((folder / "adapter" / "history.json").read_text("utf-8")))
    ordered = {name: lessons[name] for name in (*LESSONS, "adapter", *FIRST_STAGE)}
    drawing = (folder / "pictures/pictures.done").stat().st_mtime - (folder / "pictures").stat().st_mtime
    return {
        "lessons": ordered,
        "drawing_minutes": drawing / 60,  # from the end of the first 250 pictures
        "minutes": drawing / 60 + sum(one["minutes"] for one in ordered.values()),
        "weights": {name: digest(folder / "weights" / name) for name in WEIGHTS},
    }


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def draw(lessons: dict[str, Any], path: Path) -> Path:
    """Accuracy over minutes of the lessons that make the judge's base, one after the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes, start = figure.subplots(), 0.0
    for name, colour in zip(LESSONS, ("#9aa5b1", "#c9b458", "#2f6f4f"), strict=True):
        one = lessons[name]
        at = [start + one["minutes"] * step / one["steps"] for step, _ in one["curve"]]
        axes.plot(at, [accuracy for _, accuracy in one["curve"]], color=colour, label=name)
        start += one["minutes"]
    axes.set(xlabel="minutes", ylabel="accuracy in training", ylim=(None, 1.0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=150)
    return path


def main(
    folder: Annotated[Path, typer.Option(help="of the run", exists=True, file_okay=False)] = Path("runs/mini"),
    output: Annotated[Path, typer.Option(help="JSON file to write; a picture stands beside it")] = RESULTS
    / "train_mini.json",
) -> None:
    """Write down a finished run."""
    figures = measured(folder)
    rows = [(name, one["steps"], one["minutes"], one["accuracy"]) for name, one in figures["lessons"].items()]
    print_table("Lessons", ("lesson", "steps", "minutes", "accuracy"), rows)
    typer.echo(f"wrote {draw(figures['lessons'], output.with_suffix('.png'))}")
    typer.echo(f"wrote {write_record(output, settings={'repeats': 1}, figures=figures)}")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    typer.run(main)
