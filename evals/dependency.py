"""Questions that depend on the answer before them: base, YOFO, YOFO trained on such questions (the paper's table 2).

    python -m evals.contestants --train yofo,yofo-dep
    python -m evals.dependency

The second statement of a pair is the paper's: its answer is the opposite of the first one's, which is not given.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.ablations import PAIRED, accuracies, compare, end, held_out_task, judged, print_contestants
from evals.attention import Task
from evals.bootstrap import estimate
from evals.contestants.kept_judge import Asked
from evals.contestants.recipes import RUNS
from evals.contestants.scorers import BASE, SHIPPED, ZERO_SHOT
from evals.record import RESULTS, write_record
from yofo_rerank.training.arrange import OPPOSITE

NAMES = {
    "base, zero-shot": ZERO_SHOT,
    "base": BASE,
    "yofo": "yofo",
    "yofo + dep": "yofo-dep",
    "yofo, as shipped": SHIPPED,
}
TARGET = 0.99


def measured(judge: Asked, task: Task) -> dict[str, Any]:
    """Acc_dep against the truth and against the judge's own first answer, and the accuracies of plain statements."""
    right, opposite = [], []
    for document, said in task:
        pairs = [judge.judge([document], [one.text, OPPOSITE])[0] for one in said[:3]]
        right.append([second.verdict != one.answer for (_, second), one in zip(pairs, said, strict=False)])
        opposite.append([second.verdict != first.verdict for first, second in pairs])
    found = accuracies(judged(judge, task))
    found[PAIRED]["acc_dep_"] = [sum(one) / len(one) for one in right]
    return found | {
        "acc_dep": asdict(estimate(right)),
        "opposite_of_own_answer": asdict(estimate(opposite)),
    }


def main(
    documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="three pairs each")] = 300,
    seed: Annotated[int, typer.Option(help="training used others")] = 9001,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "dependency.json",
) -> None:
    """Measure dependent questions."""
    torch.set_num_threads(1)
    task = held_out_task(documents, seed)
    asked = {"program": "dependency", "documents": documents, "seed": seed}
    figures = compare(NAMES, folder, lambda judge: measured(judge, task), against="yofo", asked=asked)
    if dep := figures["contestants"].get("yofo + dep"):
        value = dep["acc_dep"]["mean"]
        figures["targets"] = {"acc_dep": {"value": value, "wanted": TARGET, "met": value >= TARGET}}
    print_contestants("Dependent questions", figures, ("acc_dep", "opposite_of_own_answer", "acc_property"))
    settings = {"documents": documents, "seed": seed, "attention": "joint", "repeats": 1}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    end(figures, skip_missing=skip_missing)


if __name__ == "__main__":
    typer.run(main)
