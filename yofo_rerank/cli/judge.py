"""`yofo judge`: which requirements hold of an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import options

if TYPE_CHECKING:
    from yofo_rerank.requirements import JudgedDocument


def judge(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="One or more JPEG, PNG or WebP files.")],
    requirement: Annotated[list[str], typer.Option("--requirement", "-r", help="A statement to judge; repeat it.")],
    model: options.Model = "mini",
    adapter: options.Adapter = None,
    device: options.Device = None,
    as_json: options.AsJson = False,
) -> None:
    """Judge every requirement of every image, in one forward pass per image.

    Exits with 1 when an image could not be judged. With --json: one object per image and line.

    Example: yofo judge dress.jpg -r "long sleeves" -r "not pink"
    """
    from yofo_rerank import Document

    documents = [Document(image=image, id=str(image)) for image in images]
    with options.step("Judging"):
        outcomes = options.load_judge(model, adapter, device).judge_outcomes(documents, requirement)
    for document, outcome in zip(documents, outcomes, strict=True):
        if as_json:
            judgements = [judgement.to_dict() for judgement in outcome.judgements]
            failure = outcome.failure.model_dump() if outcome.failure else None
            typer.echo(json.dumps({"document": document.to_dict(), "judgements": judgements, "failure": failure}))
        else:
            _print_outcome(document.id, outcome)
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)


def _print_outcome(name: str, outcome: JudgedDocument) -> None:
    from rich.console import Console
    from rich.table import Table

    from yofo_rerank.report.table import printable, verdict_text

    console = Console()
    console.print(printable(name), style="bold", markup=False, highlight=False)
    if outcome.failure:
        console.print(f"  not judged: {printable(outcome.failure.message)}", style="red", markup=False, highlight=False)
        return
    table = Table(box=None, show_header=False, padding=(0, 2))
    for judgement in outcome.judgements:
        table.add_row(verdict_text(judgement), printable(judgement.requirement.text))
    console.print(table)
