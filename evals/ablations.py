"""What tables 2, 3 and 4 and figure 6 share: variants of YOFO asked the same held-out statements in one template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.accuracy import Verdict, acc_property, acc_sample, shares_by_document
from evals.attention import Task, ask
from evals.contestants.kept import Kept
from evals.contestants.kept_judge import Asked, KeptJudge
from evals.contestants.recipes import RUNS, trained_as
from evals.contestants.scorers import open_yofo
from evals.mini_accuracy import CONDITIONS, sample_task, to_verdicts
from evals.paired import paired_difference
from evals.program import MISSING
from evals.record import print_table, write_record
from yofo_rerank.errors import ConfigError

Measured = Callable[[Asked], dict[str, Any]]
PAIRED = "paired"  # what is compared, by the beginning of the comparison's name: a value of each document


def held_out_task(documents: int, seed: int) -> Task:
    """Pictures of held-out combinations with ten statements each in held-out wordings."""
    return list(zip(*sample_task(CONDITIONS[0], documents, seed), strict=True))


def judged(judge: Asked, task: Task) -> list[Verdict]:
    """All statements of a picture in one pass."""
    rows = ask(judge, task)
    found = enumerate(zip(task, rows, strict=True))
    return [one for place, ((_, said), row) in found for one in to_verdicts(place, said, row)]


def accuracies(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Acc_property and Acc_sample with their intervals; for `compare`, the share judged rightly of each document."""
    return {
        "acc_property": asdict(acc_property(verdicts)),
        "acc_sample": asdict(acc_sample(verdicts)),
        PAIRED: {"": shares_by_document(verdicts)},
    }


def compare(
    names: dict[str, str], folder: Path, measured: Measured, *, against: str, asked: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Figures of every variant that is trained, by the name shown; the others are named under `missing`.

    Args:
        names: shown name -> what `open_yofo` opens.
        folder: of the trained contestants.
        measured: what is measured of a judge, asked in the joint template of the paper, and `PAIRED`.
        against: the shown name that the others are compared with, document by document.
        asked: what decides the questions; answers to them are kept in `folder`. None = all are asked anew.
    """
    found: dict[str, Any] = {}
    missing = []
    for shown, name in names.items():
        try:
            judge, trained = open_yofo(name, folder, attention="joint"), trained_as(name, folder)
            kept = None if asked is None else Kept(folder / "scores", name, asked, trained)
            found[shown] = _measured(measured, judge, kept) | {"licence": "apache-2.0", "trained": trained}
        except ConfigError as error:
            missing.append({"name": shown, "reason": str(error)})
    paired = {shown: one.pop(PAIRED) for shown, one in found.items()}
    for shown, one in found.items():
        if against in paired and shown != against:
            for name, values in paired[shown].items():
                gap = paired_difference(values, paired[against][name])
                one[f"{name}better_than_{against}"] = asdict(gap) | {"documents": len(values)}
    return {"contestants": found, "missing": missing}


def _measured(measured: Measured, judge: Asked, kept: Kept | None) -> dict[str, Any]:
    if kept is None:
        return measured(judge)
    with kept:
        return measured(KeptJudge(judge, kept))


def print_contestants(title: str, figures: dict[str, Any], measures: Sequence[str]) -> None:
    """One row for each variant, with intervals."""
    rows = [
        (name, *(f"{one[m]['mean']:.4f} [{one[m]['low']:.4f}, {one[m]['high']:.4f}]" for m in measures))
        for name, one in figures["contestants"].items()
    ]
    print_table(title, ("", *measures), rows)
    for one in figures["missing"]:
        typer.echo(f"missing: {one['name']}: {one['reason']}")


def end(figures: dict[str, Any], *, skip_missing: bool) -> None:
    """Exit code `MISSING` where something is missing, unless it may be."""
    if figures["missing"] and not skip_missing:
        raise typer.Exit(MISSING)


def make_program(names: dict[str, str], *, against: str, title: str, record: Path) -> Callable[..., None]:
    """A command that asks these variants the same statements and writes what came of it; see `compare`."""

    def main(
        documents: Annotated[int, typer.Option("--documents", "--limit", min=2, help="ten statements each")] = 300,
        seed: Annotated[int, typer.Option(help="training used others")] = 9001,
        folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
        skip_missing: Annotated[
            bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
        ] = False,
        output: Annotated[Path, typer.Option(help="JSON file to write")] = record,
    ) -> None:
        """Ask all variants, and write their record."""
        torch.set_num_threads(1)
        task = held_out_task(documents, seed)
        asked = {"program": record.stem, "documents": documents, "seed": seed}
        figures = compare(names, folder, lambda judge: accuracies(judged(judge, task)), against=against, asked=asked)
        print_contestants(title, figures, ("acc_property", "acc_sample"))
        settings = {"documents": documents, "seed": seed, "attention": "joint", "repeats": 1}
        typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
        end(figures, skip_missing=skip_missing)

    return main
