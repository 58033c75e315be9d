"""Options that several sub-commands share, and what they mean."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from yofo_rerank.judge import YofoJudge

Model = Annotated[str, typer.Option(help="Judge: 'mini' (embedded), a Hugging Face id, or a local folder.")]
Adapter = Annotated[str | None, typer.Option(help="LoRA adapter for the judge: a Hugging Face id or a local folder.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps. Default: the best at hand.")]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="First stage: 'mini' (embedded), an open_clip name, or a local folder. Default: mini, or the index's own."
    ),
]
Pretrained = Annotated[str | None, typer.Option(help="open_clip's pretrained tag for --encoder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout; messages go to stderr.")]


def load_judge(model: str, adapter: str | None, device: str | None) -> YofoJudge:
    """Set up a judge; its weights are read at the first use."""
    from yofo_rerank import YofoJudge

    quiet_libraries()
    return YofoJudge.from_pretrained(model, adapter=adapter, device=device)


def quiet_libraries() -> None:
    """Keep Hugging Face's notices and progress bars out of a command's output."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def parse_rule(text: str) -> str | dict[str, Any]:
    """A scoring rule from the command line: its name, or a JSON object.

    >>> parse_rule('{"kind": "threshold_count", "threshold": 0.5}')["kind"]
    'threshold_count'
    """
    if not text.lstrip().startswith("{"):
        return text
    try:
        return dict(json.loads(text))
    except ValueError as error:
        raise typer.BadParameter(f'--rule is no JSON object ({error}); wanted one like {{"kind": "min"}}') from error


def say(message: str) -> None:
    """Write a note to stderr, so that stdout holds results alone."""
    typer.echo(message, err=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show what takes time while it runs, on stderr; nothing when that is not a terminal.

    What libraries print meanwhile goes there too.
    """
    from rich.console import Console

    with Console(stderr=True).status(f"{name} ..."), redirect_stdout(sys.stderr):
        yield
