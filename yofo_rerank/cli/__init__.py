"""The `yofo` command: one file per sub-command, errors as one line, nothing heavy imported before it is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from yofo_rerank.cli.index import index
from yofo_rerank.cli.info import info
from yofo_rerank.cli.judge import judge
from yofo_rerank.cli.search import search
from yofo_rerank.cli.train import train
from yofo_rerank.errors import YofoError

# What a user's input, files, model or machine can cause; anything else is a bug and deserves its traceback.
EXPECTED_ERRORS = (YofoError, OSError, ValueError, RuntimeError)

app = typer.Typer(
    name="yofo",
    help="Judge every requirement of a query against an image in one forward pass, and rank with reasons.",
    epilog='Try: yofo search "a long red dress without a belt" --html report.html',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (search, judge, index, train, info):
    app.command(no_args_is_help=_command is not info)(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from yofo_rerank import __version__

        typer.echo(f"yofo-rerank {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Options that hold for every sub-command; `main` has taken `--debug` out before."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command, and exit with 0 (done), 1 (failed, one line says why), 2 (wrong usage) or 130 (interrupted)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    debug = "--debug" in ours
    rest = [argument for argument in ours if argument != "--debug"] + arguments[len(ours) :]
    try:
        app(args=rest, prog_name="yofo")
    except KeyboardInterrupt:
        sys.exit(130)
    except EXPECTED_ERRORS as error:
        if debug:
            raise
        typer.secho(f"error: {_one_line(error)}", fg="red", err=True)
        sys.exit(1)


def _one_line(error: Exception) -> str:
    from pydantic import ValidationError

    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return " ".join(text.split()) or type(error).__name__
