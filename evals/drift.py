"""How far answers depend on what else is asked, and other things that the paper does not ask.

    python -m evals.drift

Of the embedded judge, as shipped, in both kinds of attention: verdicts asked together against alone and in another
order; P(X) + P(not X); the order of candidates; whether the best score tells that nothing fits; ties; calibration
before and after one temperature; accuracy of the same statements among more and more requirements. Garments,
statements and sentences are held out as in `evals.mini_accuracy`.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.attention import MODES
from evals.contestants.kept import Kept
from evals.contestants.kept_judge import Asked, KeptJudge
from evals.contestants.recipes import RUNS
from evals.drifting import (
    by_requirements,
    calibration,
    candidate_order,
    contradictions,
    nothing_relevant,
    together_and_alone,
)
from evals.mini_accuracy import CONDITIONS, sample_task
from evals.record import RESULTS, print_table, write_record
from evals.wilson import interval
from yofo_rerank import YofoJudge
from yofo_rerank.mini.catalog import sample_garments

COUNTS = (1, 2, 5, 10, 15, 30)  # each divides the last, so that the same statements are asked at every count
TARGET = 0.005  # flips of verdicts asked together against alone


def evaluate(
    model: str, adapter: str | None, folder: Path, *, documents: int, queries: int, counted: int, seed: int
) -> dict[str, Any]:
    """All figures; `counted` documents are asked 1 to 30 requirements.

    What the embedded judge says is kept in `folder`; what another one says is not, for nothing here tells whether its
    weights are those of the last time.
    """
    settings = {"documents": documents, "queries": queries, "counted": counted, "seed": seed}
    figures: dict[str, Any] = {"table": {}, "calibration": {}, "by_requirements": {}, "details": {}}
    for mode in MODES:
        judge = YofoJudge.from_pretrained(model, adapter, attention=mode, verdicts=False)
        forgetful = YofoJudge.from_pretrained(model, adapter, attention=mode, verdicts=False, cache_bytes=0)
        if model == "mini" and adapter is None:
            with Kept(folder / "scores", mode, {"program": "drift"} | settings, judge.info()) as kept:
                found = of_mode(KeptJudge(judge, kept), KeptJudge(forgetful, kept), **settings)
        else:
            found = of_mode(judge, forgetful, **settings)
        figures["table"][mode] = summary(found)
        figures["calibration"][mode] = found["calibration"].pop("bins")
        figures["by_requirements"][mode] = found.pop("by_requirements")
        figures["details"][mode] = found
    reached = {mode: figures["table"][mode]["flips together/alone"] for mode in MODES}
    figures["targets"] = {
        mode: {"value": value, "wanted": TARGET, "met": value <= TARGET} for mode, value in reached.items()
    }
    return figures


def of_mode(judge: Asked, forgetful: Asked, *, documents: int, queries: int, counted: int, seed: int) -> dict[str, Any]:
    """One kind of attention; `forgetful` is the same judge, but keeps no states."""
    pictures, statements = sample_task(CONDITIONS[0], documents, seed)
    task = list(zip(pictures, statements, strict=True))
    shown = list(zip(pictures, sample_garments(documents, seed, held_out=True), strict=True))
    drifted, given = together_and_alone(judge, task)
    return {
        "together": drifted,
        "contradictions": contradictions(judge, shown, random.Random(f"not {seed}")),
        "candidates": candidate_order(forgetful, pictures[:40], [one.text for one in statements[0]]),
        "nothing": nothing_relevant(judge, shown, queries, random.Random(f"nothing {seed}")),
        "calibration": calibration(given, task),
        "by_requirements": by_requirements(judge, shown[:counted], COUNTS),
    }


def summary(found: dict[str, Any]) -> dict[str, float]:
    """One row."""
    together, contradicted, nothing = found["together"], found["contradictions"], found["nothing"]
    return {
        "flips together/alone": together["alone"]["flips"]["mean"],
        "flips by order": together["order"]["flips"]["mean"],
        "largest change of p_yes": max(together[one]["largest"] for one in ("alone", "order")),
        "|P(X) + P(not X) - 1|": contradicted["distance_from_1"]["mean"],
        "X and not X, same verdict": contradicted["same_verdict"]["mean"],
        "flips by order of candidates": found["candidates"]["flips"],
        "nothing relevant, AUROC": nothing["auroc"]["mean"],
        "ties": nothing["ties"]["soft"]["mean"],
        "ties of verdicts": nothing["ties"]["verdicts"]["mean"],
        "ECE": found["calibration"]["ece_before"],
        "ECE after temperature": found["calibration"]["ece_after"],
        "temperature": found["calibration"]["temperature"],
    }


def print_figures(figures: dict[str, Any]) -> None:
    """Both tables."""
    names = list(next(iter(figures["table"].values())))
    rows = [(name, *(figures["table"][mode][name] for mode in MODES)) for name in names]
    print_table("Drift, and what else answers depend on", ("", *MODES), rows)
    counts = list(next(iter(figures["by_requirements"].values())))
    print_table(
        "Accuracy by the number of requirements in one template, of the same statements at every number",
        ("requirements", *MODES),
        [(count, *(_interval(figures["by_requirements"][mode][count]) for mode in MODES)) for count in counts],
    )


def _interval(found: dict[str, float]) -> str:
    mean, low, high = interval(found)
    return f"{mean:.4f} [{low:.4f}, {high:.4f}]"


def main(
    model: Annotated[str, typer.Option(help="mini, a folder or a hub id")] = "mini",
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of the judge")] = None,
    documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="ten statements each")] = 300,
    queries: Annotated[int, typer.Option(min=2, help="of 'nothing relevant' and ties")] = 150,
    counted: Annotated[int, typer.Option(min=1, help="documents asked 1 to 30 requirements")] = 100,
    seed: Annotated[int, typer.Option(help="training used others")] = 9001,
    folder: Annotated[Path, typer.Option(help="of the answers that a stopped run goes on with")] = RUNS,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "drift.json",
) -> None:
    """Measure drift."""
    torch.set_num_threads(1)
    settings = {"documents": documents, "queries": queries, "counted": counted, "seed": seed}
    figures = evaluate(model, adapter, folder, **settings)
    print_figures(figures)
    named = {"model": model, "adapter": adapter, **settings, "same_statements_at_every_count": True, "repeats": 1}
    typer.echo(f"wrote {write_record(output, settings=named, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
