"""`yofo train`: fine-tune a judge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from yofo_rerank.training import TrainConfig


def train(
    config: Annotated[Path, typer.Argument(help="YAML; see the documentation on training.", dir_okay=False)],
    resume: Annotated[
        bool | None,
        typer.Option("--resume/--no-resume", help="Go on from the newest checkpoint. Default: as configured."),
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Then upload it to the Hugging Face hub.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check the data: images open, lengths fit.")] = False,
) -> None:
    """Train a LoRA adapter on JSONL examples: answers, and the reasons behind them (paper §3.3, §4.1).

    The data are checked first. With --check nothing else is done; exits with 1 when there are bad examples.

    Example: yofo train config.yaml
    """
    from yofo_rerank.training import TrainConfig
    from yofo_rerank.training.preflight import check_settings

    settings = TrainConfig.load(config)
    if resume is not None:
        settings = settings.model_copy(update={"resume": "auto" if resume else "never"})
    check_settings(settings)  # before the imports below, which are slow
    if push is not None:
        from yofo_rerank.models.publish import check_repository

        check_repository(push)
    if check:
        _check(settings)
        return
    from yofo_rerank.training import train as run

    folder = run(settings).folder
    _part()
    if os.environ.get("RANK", "0") != "0":  # of several processes the first one speaks
        return
    typer.echo(f"adapter: {folder}")
    if push is not None:
        from yofo_rerank.models.publish import push_folder

        typer.echo(f"pushed: {push_folder(folder, push)}")


def _part() -> None:
    """Several processes end together: one that goes first can take the connection from under the others."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def _check(settings: TrainConfig) -> None:
    from yofo_rerank.report.table import printable
    from yofo_rerank.training import check_data
    from yofo_rerank.training.arguments import check_device

    check_device(settings)
    report = check_data(settings)
    for problem in report.problems:
        typer.echo(printable(problem))
    if report.bad > len(report.problems):
        typer.echo(f"... and {report.bad - len(report.problems)} more")
    typer.echo(
        f"{report.good} good examples, {report.bad} bad; the longest has {report.longest} of {report.max_length} "
        f"tokens, an image at most {report.max_pixels} pixels"
    )
    if report.bad:
        raise typer.Exit(1)
