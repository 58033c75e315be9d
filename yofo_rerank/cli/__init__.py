"""The `yofo` command: one file per sub-command, errors as one line, nothing heavy imported before it is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from yofo_rerank.cli import messages
from yofo_rerank.cli.demo import demo
from yofo_rerank.cli.export import export
from yofo_rerank.cli.facets import facets
from yofo_rerank.cli.index import index
from yofo_rerank.cli.info import info
from yofo_rerank.cli.judge import judge
from yofo_rerank.cli.push import push
from yofo_rerank.cli.rules import rules
from yofo_rerank.cli.search import search
from yofo_rerank.cli.serve import serve
from yofo_rerank.cli.train import train
from yofo_rerank.errors import YofoError

# What a user's input, files, model or machine can cause; anything else is a bug and deserves its traceback.
EXPECTED_ERRORS = (YofoError, OSError, ValueError, RuntimeError)

_UsageError: Any = typer.BadParameter.__base__  # click's, or typer's own copy of it

app = typer.Typer(
    name="yofo",
    help="Judge every requirement of a query against an image in one forward pass, and rank with reasons.",
    epilog='Try: yofo search "a long red dress without a belt" --html report.html',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (search, judge, index, facets, demo, serve, train, push, export, rules, info):
    app.command(no_args_is_help=_command not in (demo, serve, rules, info))(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from yofo_rerank import __version__

        typer.echo(f"yofo-rerank {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Version.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors alone. May stand anywhere.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Options that hold for every sub-command; `main` has taken the last two out before."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command, and exit with 0 (done), 1 (failed, one line says why), 2 (wrong usage) or 130 (interrupted)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    debug, quiet = "--debug" in ours, not {"-q", "--quiet"}.isdisjoint(ours)
    rest = [argument for argument in ours if argument not in ("--debug", "-q", "--quiet")] + arguments[len(ours) :]
    with messages.speaking(quiet=quiet):
        sys.exit(_run(rest, debug=debug))


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        return app(args=arguments, prog_name="yofo", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except _UsageError as error:
        if error.format_message():  # empty: no arguments, and the help was shown
            messages.complain(f"{error.format_message()} See {error.ctx.command_path if error.ctx else 'yofo'} --help")
        return error.exit_code
    except EXPECTED_ERRORS as error:
        if debug:
            raise
        messages.complain(_reason(error))
        return 1


def _reason(error: Exception) -> str:
    from pydantic import ValidationError

    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return text.strip() or type(error).__name__
