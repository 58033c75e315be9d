"""How well a decomposer reads sentences: right, whole, inverted or garbled, by style.

    python -m evals.decompose

The sentences are those of `tests/decompose/sentences/`, one file for each style, labelled before the grammar was
written; those in `held_out/` were not looked at while it was.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from evals.labels import Outcome, Sentence, outcome, read_sentences
from evals.record import RESULTS, print_table, write_record
from yofo_rerank.decompose import Decomposer, decompose, get_decomposer

SENTENCES = Path(__file__).parent.parent / "tests" / "decompose" / "sentences"
OUTCOMES: tuple[str, ...] = get_args(Outcome)


def read_styles(folder: Path = SENTENCES) -> dict[str, list[Sentence]]:
    """Style -> its sentences."""
    return {path.stem: read_sentences(path) for path in sorted(folder.glob("*.txt"))}


def judge_styles(styles: dict[str, list[Sentence]], decomposer: Decomposer) -> dict[str, Any]:
    """Counts of outcomes for each style and in all, and each sentence that did not come out right."""
    by_style: dict[str, dict[str, int]] = {}
    wrong = []
    for style, sentences in styles.items():
        counts: Counter[str] = Counter()
        for sentence in sentences:
            found = decompose(sentence.query, decomposer)
            kind = outcome(sentence, found)
            counts[kind] += 1
            if kind != "right":
                texts = [("~" if one.necessity == "should" else "") + one.text for one in found.requirements]
                wrong.append({"outcome": kind, "labelled": sentence.line, "found": " | ".join(texts)})
        by_style[style] = {kind: counts[kind] for kind in OUTCOMES}
    total = {kind: sum(counts[kind] for counts in by_style.values()) for kind in OUTCOMES}
    n = sum(total.values())
    return {"n": n, "share_right": total["right"] / n, "total": total, "styles": by_style, "wrong": wrong}


def print_figures(name: str, figures: dict[str, Any]) -> None:
    """One table: a row for each style and one for all."""
    rows = [(style, sum(counts.values()), *counts.values()) for style, counts in figures["styles"].items()]
    rows.append(("all", figures["n"], *figures["total"].values()))
    print_table(f"{name}: right {figures['share_right']:.1%}", ("style", "n", *OUTCOMES), rows)


def main(
    decomposer: Annotated[str, typer.Option(help="name of a decomposer")] = "rules",
    folder: Annotated[Path, typer.Option(help="labelled sentences, perhaps with held_out/")] = SENTENCES,
    show: Annotated[bool, typer.Option(help="print each open sentence that is not right")] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "decompose.json",
) -> None:
    """Read every sentence and compare with its label."""
    chosen = get_decomposer(decomposer)
    sets = {"open": folder, "held out": folder / "held_out"}
    figures = {name: judge_styles(read_styles(path), chosen) for name, path in sets.items() if any(path.glob("*.txt"))}
    for name, found in figures.items():
        print_figures(name, found)
    if show:
        for one in figures["open"]["wrong"]:
            typer.echo(f"{one['outcome']:9}{one['labelled']}\n         {one['found']}")
    for name, found in figures.items():  # a set that is held back is counted alone
        if name == "held out":
            found["wrong"] = []
    typer.echo(f"wrote {write_record(output, settings={'decomposer': decomposer}, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
