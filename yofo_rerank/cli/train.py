"""`yofo train`: fine-tune a judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(help="YAML; see the README's section on training.", dir_okay=False)],
    resume: Annotated[
        bool | None,
        typer.Option("--resume/--no-resume", help="Go on from the newest checkpoint. Default: as configured."),
    ] = None,
) -> None:
    """Train a LoRA adapter on JSONL examples: answers, and the reasons behind them (paper §3.3, §4.1).

    Example: yofo train config.yaml
    """
    from yofo_rerank.training import TrainConfig

    settings = TrainConfig.load(config)
    if resume is not None:
        settings = settings.model_copy(update={"resume": "auto" if resume else "never"})
    from yofo_rerank.training import train as run  # slow to import; a mistake in the file is told before

    typer.echo(f"adapter: {run(settings).folder}")
