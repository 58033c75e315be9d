"""Joint or isolated attention: how often each is right, how far answers depend on their neighbours, and what it costs.

    python -m evals.attention

The same statements are judged in both modes: all of a document in one pass, again in another order, and each alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.accuracy import acc_property, acc_sample, ece_of
from evals.bench.clock import seconds
from evals.calibration import expected_calibration_error
from evals.contestants.kept_judge import Asked
from evals.mini_accuracy import CONDITIONS, sample_task, to_verdicts
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, Judgement, YofoJudge
from yofo_rerank.mini.statements import Statement
from yofo_rerank.prompts.format import Attention

MODES: tuple[Attention, ...] = ("joint", "isolated")
REPEATS = 5
Task = list[tuple[Document, list[Statement]]]
Table = list[list[Judgement]]


def evaluate(model: str, adapter: str | None, *, documents: int, seed: int) -> dict[str, Any]:
    """All figures of both modes, by medium."""
    figures = {}
    for condition in CONDITIONS[:2]:
        task = list(zip(*sample_task(condition, documents, seed), strict=True))
        judges = {mode: YofoJudge.from_pretrained(model, adapter, attention=mode) for mode in MODES}
        alone = ask_alone(judges["isolated"], task)
        found = {mode: mode_figures(judge, task, alone) for mode, judge in judges.items()}
        for mode, times in speed(judges, task).items():
            found[mode] |= times
        figures[condition.name] = found
    return figures


def mode_figures(judge: Asked, task: Task, alone: Table) -> dict[str, Any]:
    """Accuracy in the order given, and how answers change with order and neighbours."""
    given = ask(judge, task)
    rng = random.Random("order")
    orders = [rng.sample(range(len(said)), len(said)) for _, said in task]
    shuffled = ask(
        judge, [(document, [said[at] for at in order]) for (document, said), order in zip(task, orders, strict=True)]
    )
    restored: Table = [
        [row[order.index(at)] for at in range(len(row))] for row, order in zip(shuffled, orders, strict=True)
    ]
    verdicts = [
        verdict
        for place, ((_, said), row) in enumerate(zip(task, given, strict=True))
        for verdict in to_verdicts(place, said, row)
    ]
    return {
        "statements": len(verdicts),
        "acc_property": vars(acc_property(verdicts)),
        "acc_sample": vars(acc_sample(verdicts)),
        "ece": expected_calibration_error([one.p_yes for one in verdicts], [one.answer for one in verdicts]),
        "calibration_error": vars(ece_of(verdicts)),
        "against_alone": difference(given, alone),
        "against_another_order": difference(given, restored),
    }  # fmt: skip


def ask(judge: Asked, task: Task) -> Table:
    """Every document with all of its statements in one pass."""
    return [judge.judge([document], [one.text for one in said])[0] for document, said in task]


def ask_alone(judge: Asked, task: Task) -> Table:
    """Every statement in a pass of its own."""
    return [[judge.judge([document], [one.text])[0][0] for one in said] for document, said in task]


def difference(one: Table, other: Table) -> dict[str, float]:
    """Share of verdicts that differ, and how far p_yes moves."""
    pairs = [pair for rows in zip(one, other, strict=True) for pair in zip(*rows, strict=True)]
    moved = [abs(first.p_yes - second.p_yes) for first, second in pairs]
    flips = sum(first.verdict != second.verdict for first, second in pairs)
    return {"flips": flips / len(pairs), "mean": sum(moved) / len(moved), "largest": max(moved)}


def speed(judges: dict[Attention, YofoJudge], task: Task) -> dict[str, dict[str, float]]:
    """Seconds for 100 documents x 5 requirements, the modes in turn; the fastest of five."""
    documents = [document for document, _ in task][:100]
    texts = [one.text for one in task[0][1]]
    found: dict[str, dict[str, float]] = {mode: {} for mode in judges}
    for _ in range(REPEATS):
        for mode, judge in judges.items():
            judge.unload()
            judge.judge(documents[:1], texts[:1])  # loads
            times = {
                "cold_s": seconds(judge.judge, documents, texts[:5]),
                "states_s": seconds(judge.judge, documents, texts[5:]),
            }
            found[mode] = {name: min(time, found[mode].get(name, time)) for name, time in times.items()}
    return found


def print_figures(figures: dict[str, Any]) -> None:
    """One table."""
    rows: list[Sequence[Any]] = []
    for medium, modes in figures.items():
        for mode, found in modes.items():
            right, whole = found["acc_property"], found["acc_sample"]
            alone, order = found["against_alone"], found["against_another_order"]
            rows.append(
                (
                    f"{medium}, {mode}",
                    f"{right['mean']:.4f} [{right['low']:.4f}, {right['high']:.4f}]",
                    whole["mean"], found["ece"], alone["flips"], alone["largest"], order["flips"], order["largest"],
                    found["cold_s"], found["states_s"],
                )
            )  # fmt: skip
    print_table(
        "Joint and isolated attention",
        ("documents, mode", "statements right", "documents right", "ECE", "flips: alone", "largest", "flips: order",
         "largest", "cold s", "states s"),
        rows,
        caption="seconds: 100 documents x 5 requirements, fastest of five",
    )  # fmt: skip


def main(
    model: Annotated[str, typer.Option(help="mini, a folder or a hub id")] = "mini",
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of the judge")] = None,
    documents: Annotated[int, typer.Option(min=1, help="of each medium, with ten statements each")] = 300,
    seed: Annotated[int, typer.Option(help="of documents and statements; training used others")] = 9001,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "attention.json",
) -> None:
    """Compare joint and isolated attention on held-out documents."""
    figures = evaluate(model, adapter, documents=documents, seed=seed)
    print_figures(figures)
    settings = {"model": model, "adapter": adapter, "documents": documents, "seed": seed, "repeats": REPEATS}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
