"""Prefix states in 8 bits: what they save, and how many verdicts change.

    python -m evals.int8_states

Every document is judged behind its kept state, as computed and in 8 bits: the same statements, the same judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evals.accuracy import acc_property
from evals.attention import Table, Task, difference
from evals.mini_accuracy import CONDITIONS, sample_task, to_verdicts
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import YofoJudge

OPENING = "a dress"  # asked first, so that the state is there
CACHE_BYTES = 2**28 + 1  # as no other judge has it, which would share the cache that is measured here
TARGET = 0.002  # of all verdicts may change


def evaluate(model: str, *, documents: int, seed: int) -> dict[str, Any]:
    """Flips, accuracy and bytes, by medium."""
    figures = {}
    for condition in CONDITIONS[:2]:
        task = list(zip(*sample_task(condition, documents, seed), strict=True))
        plain, small = (
            YofoJudge.from_pretrained(model, int8_states=int8, cache_bytes=CACHE_BYTES, device="cpu")
            for int8 in (False, True)
        )
        tables = [ask_behind_states(judge, task) for judge in (plain, small)]
        sizes = [judge.stats.cache_bytes / judge.stats.cache_entries for judge in (plain, small)]
        figures[condition.name] = {
            "statements": sum(len(row) for row in tables[0]),
            "accuracy": [right(task, table) for table in tables],
            "bytes_per_document": sizes,
            "bytes_saved": 1 - sizes[1] / sizes[0],
            "against_plain": difference(tables[1], tables[0]),
        }
    return figures


def ask_behind_states(judge: YofoJudge, task: Task) -> Table:
    """The statements of each document, read behind its kept state."""
    table = []
    for document, said in task:
        judge.judge([document], [OPENING])
        hits = judge.stats.cache_hits
        table += judge.judge([document], [one.text for one in said])
        if judge.stats.cache_hits == hits:
            raise RuntimeError(f"wanted a kept state of {document.id!r}, but found none")
    return table


def right(task: Task, table: Table) -> float:
    """Share of statements judged right."""
    pairs = enumerate(zip(task, table, strict=True))
    verdicts = [one for place, ((_, said), row) in pairs for one in to_verdicts(place, said, row)]
    return acc_property(verdicts).mean


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder or a hub id")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="of each medium, with ten statements each")] = 300,
    seed: Annotated[int, typer.Option(help="of documents and statements; training used others")] = 9001,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "int8_states.json",
) -> None:
    """Measure prefix states in 8 bits."""
    figures = evaluate(model, documents=documents, seed=seed)
    print_table(
        f"{documents} documents x 10 statements behind kept states",
        ("", "accuracy", "in 8 bits", "flips", "target", "largest change", "bytes", "in 8 bits", "saved"),
        [
            (
                name, *one["accuracy"], one["against_plain"]["flips"], f"<= {TARGET}", one["against_plain"]["largest"],
                *one["bytes_per_document"], one["bytes_saved"],
            )
            for name, one in figures.items()
        ],
    )  # fmt: skip
    settings = {"model": model, "documents": documents, "seed": seed}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
