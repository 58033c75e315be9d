"""Running a program: what the library refuses is one sentence on stderr and exit code 2; what is missing, code 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from yofo_rerank.errors import YofoError

MISSING = 3  # exit code where a package, checkpoint or data set is absent, and must not be


def run_program(main: Callable[..., Any]) -> None:
    """Run a function as a command; a traceback is left to what nobody foresaw."""
    try:
        typer.run(main)
    except YofoError as error:
        typer.echo(f"error ({error.code}): {error}", err=True)
        raise SystemExit(2) from error
