"""`yofo judge`: which requirements hold of an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import checks, messages, options

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.requirements import JudgedDocument, Requirement


def judge(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="One or more image files; all pages of a PDF are one document."),
    ],
    requirement: Annotated[list[str], typer.Option("--requirement", "-r", help="A statement to judge; repeat it.")],
    model: options.Model = None,
    adapter: options.Adapter = None,
    device: options.Device = None,
    attention: options.Attention = None,
    states: options.States = None,
    verdicts: options.Verdicts = None,
    judge_url: options.JudgeUrl = None,
    dialect: options.Dialect = "transformers",
    together: Annotated[
        bool, typer.Option("--together", help="The images are views of one thing: judge them as one document.")
    ] = False,
    as_json: options.AsJson = False,
    evidence: Annotated[
        Path | None,
        typer.Option(help="Write a picture of one image that shows where each answer comes from.", dir_okay=False),
    ] = None,
) -> None:
    """Judge every requirement of every image, in one forward pass per image; with --together, of all at once.

    Exits with 1 when an image could not be judged. With --json: one object per image and line.

    Example: yofo judge dress.jpg -r "long sleeves" -r "not pink"
    """
    from yofo_rerank.judging import check_requirements

    if evidence is not None:
        _check_evidence(1 if together else len(images), judge_url)
    checks.check_images(images)
    requirements = check_requirements(requirement)
    local = {"adapter": adapter, "device": device, "attention": attention, "states": states, "verdicts": verdicts}
    loaded = options.open_judge(model, judge_url, dialect, **local)
    if model is None and judge_url is None:
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    documents = _documents(images, together=together)
    with options.judging() as progress:
        outcomes = loaded.judge_outcomes(documents, requirements, progress=progress)
    _print_outcomes(documents, outcomes, options.named(model, adapter, judge_url), as_json=as_json)
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)
    if evidence is not None:
        _write_evidence(evidence, loaded, documents[0], requirements)


def _print_outcomes(
    documents: Sequence[Document], outcomes: Sequence[JudgedDocument], name: str, *, as_json: bool
) -> None:
    for document, outcome in zip(documents, outcomes, strict=True):
        if as_json:
            typer.echo(json.dumps(_as_dict(document, outcome) | {"model": name}))
        else:
            _print_outcome(document.id, outcome)
    if not as_json:
        typer.echo(f"judged by {name}")


def _check_evidence(n_images: int, judge_url: str | None) -> None:
    if n_images > 1:
        raise typer.BadParameter(f"--evidence shows one image, but got {n_images}; wanted --together for views")
    if judge_url is not None:
        raise typer.BadParameter("--evidence needs a judge in this process; a server gives none")


def _documents(images: Sequence[Path], *, together: bool) -> list[Document]:
    """A document for each file, or one of all of them."""
    from yofo_rerank.documents import Document
    from yofo_rerank.pdf import pdf_pages

    views = [pdf_pages(image) if image.suffix.lower() == ".pdf" else [image] for image in images]
    if together:
        return [Document(images=[one for some in views for one in some], id=", ".join(map(str, images)))]
    return [Document(images=some, id=str(image)) for image, some in zip(images, views, strict=True)]


def _write_evidence(path: Path, judge: YofoJudge, document: Document, requirements: Sequence[Requirement]) -> None:
    from yofo_rerank.report.sheet import draw_sheet

    with options.step("Looking where the answers come from"):
        found = judge.evidence(document, requirements)
    pictures = [document.load_image(page=page) for page in range(len(document.images))]
    try:
        draw_sheet([one for one in pictures if one is not None], found).save(path)
    except ValueError as error:  # an ending that Pillow does not know
        raise typer.BadParameter(f"--evidence {str(path)!r}: {error}; wanted a name such as evidence.png") from error
    messages.say(f"evidence: {path}")


def _as_dict(document: Document, outcome: JudgedDocument) -> dict[str, object]:
    judgements = [judgement.to_dict() for judgement in outcome.judgements]
    failure = outcome.failure.model_dump() if outcome.failure else None
    return {"document": document.to_dict(), "judgements": judgements, "failure": failure}


def _print_outcome(name: str, outcome: JudgedDocument) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from yofo_rerank.report.table import printable, verdict_text

    console = Console()
    console.print(printable(name), style="bold", markup=False, highlight=False)
    if outcome.failure:
        console.print(f"  not judged: {printable(outcome.failure.message)}", style="red", markup=False, highlight=False)
        return
    table = Table(box=None, show_header=False, padding=(0, 2))
    for judgement in outcome.judgements:
        table.add_row(verdict_text(judgement), Text(printable(judgement.requirement.text)))
    console.print(table)
