"""The paper's data from your own images: a model writes it, you look it through, `yofo train` reads it.

    python -m evals.build sa1b IMAGES --out FOLDER --model NAME --limit 1000
    python -m evals.build lrvs IMAGES --out FOLDER --model NAME --base-url http://localhost:8000/v1 --limit 500
    python -m evals.build review FOLDER --sample 50
    python -m evals.build export FOLDER

The model stands behind any OpenAI-compatible address; the key comes from the environment. A killed run goes on where it
was and asks nothing twice that was answered. `lrvs` pairs images of one folder (one folder is one category).
"""

from __future__ import annotations

import random
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evals.builders.endpoint import open_endpoint
from evals.builders.export import export as write_files
from evals.builders.images import Picture, draw_pairs, find_pictures
from evals.builders.journal import only_writer
from evals.builders.kinds import KINDS, Kind
from evals.builders.review import Review, serve
from evals.builders.run import Plan, Prices, Tally, build
from evals.builders.settings import Settings, claim_folder, read_settings
from yofo_rerank.cli.messages import one_line
from yofo_rerank.errors import ConfigError, YofoError

_HELP = (__doc__ or "").replace("\n\n    python", "\n\n\b\n    python")  # click keeps such lines apart
app = typer.Typer(help=_HELP, add_completion=False, pretty_exceptions_show_locals=False, rich_markup_mode=None)

Images = Annotated[Path, typer.Argument(help="Folder of images.", exists=True, file_okay=False)]
Folder = Annotated[Path, typer.Argument(help="A folder that sa1b or lrvs made.", exists=True, file_okay=False)]


def write(
    ctx: typer.Context,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder of the data set; the same one again goes on.", file_okay=False)],
    model: Annotated[str, typer.Option(help="Name of the model at the address.")],
    base_url: Annotated[str | None, typer.Option(help="OpenAI-compatible address; default: OpenAI's own.")] = None,
    api_key_env: Annotated[str, typer.Option(help="Environment variable that holds the key.")] = "OPENAI_API_KEY",
    limit: Annotated[int | None, typer.Option(min=1, help="Images or pairs, drawn at random.")] = None,
    count: Annotated[
        int | None, typer.Option(min=2, max=30, help="Statements, or at most so many requirements.")
    ] = None,
    prompt: Annotated[Path | None, typer.Option(help="File with a prompt of your own.", dir_okay=False)] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Questions at one time.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one whole answer.")] = 120.0,
    tries: Annotated[int, typer.Option(min=1, max=20, help="Of one question, while the server does not answer.")] = 6,
    max_pixels: Annotated[int, typer.Option(min=784, help="Larger images are sent smaller.")] = 1_000_000,
    input_price: Annotated[float, typer.Option(min=0, help="Per million tokens, in your currency.")] = 0.0,
    output_price: Annotated[float, typer.Option(min=0, help="Per million tokens.")] = 0.0,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Ask nothing more once this is reached.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask once more what failed.")] = False,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
) -> None:
    """Ask the model, keep every answer at once, and write what `yofo train` reads."""
    kind = KINDS[str(ctx.info_name)]
    text = (prompt.read_text(encoding="utf-8") if prompt else kind.prompt).replace("{count}", str(count or kind.count))
    settings = Settings(kind=kind.name, model=model, prompt=text, max_pixels=max_pixels, seed=seed)
    endpoint = open_endpoint(base_url, model, api_key_env, timeout=timeout, tries=tries)
    questions = _questions(kind, find_pictures(images), limit, seed)
    plan = Plan(
        folder=out,
        root=images,
        kind=kind,
        prompt=text,
        questions=questions,
        max_pixels=max_pixels,
        concurrency=concurrency,
        prices=Prices(input_price, output_price),
        max_cost=max_cost,
    )
    claim_folder(out, settings)
    with only_writer(out, "build"), _shown(plan) as seen:
        tally = build(plan, endpoint, again=again, seen=seen)
    _report(plan, tally)
    _export(out, reviewed_only=False)
    if tally.stopped:
        raise typer.Exit(1)


app.command("sa1b", help="Statements that hold or do not hold for an image, with reasons (the paper's training set).")(
    write
)
app.command("lrvs", help="A customer's query over two images of one folder, taken apart (the paper's test set).")(write)


@app.command()
def review(
    folder: Folder,
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many, drawn at random; default: all.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
) -> None:
    """Look the replies through in the browser: k keeps, m mends, d drops; every decision is saved at once."""
    kind = read_settings(folder).to_kind()
    with only_writer(folder, "review"):
        looked = Review(folder, kind, sample=sample, seed=seed)
        server = serve(looked, port)
        address = f"http://127.0.0.1:{server.server_port}/"
        typer.echo(f"{len(looked.entries)} replies at {address} (Ctrl-C ends)")
        if browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()
            looked.close()
    _export(folder, reviewed_only=False)


@app.command()
def export(
    folder: Folder,
    reviewed_only: Annotated[bool, typer.Option("--reviewed-only", help="Leave out what nobody decided on.")] = False,
) -> None:
    """Write train.jsonl and validation.jsonl anew, with the decisions of the review."""
    read_settings(folder)
    _export(folder, reviewed_only=reviewed_only)


def _questions(kind: Kind, pictures: list[Picture], limit: int | None, seed: int) -> list[tuple[Picture, ...]]:
    if kind.images == 2:
        if limit is None:
            raise ConfigError("lrvs draws pairs: say how many with --limit")
        return list(draw_pairs(pictures, limit, seed))
    drawn = pictures if limit is None else random.Random(seed).sample(pictures, min(limit, len(pictures)))
    return [(picture,) for picture in drawn]


@contextmanager
def _shown(plan: Plan) -> Iterator[Callable[[Tally], None]]:
    """A bar on stderr with what it has cost; silent where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def seen(tally: Tally) -> None:
            done = tally.written + tally.failed
            bar.update(task, completed=done, total=tally.total, description=f"cost {_cost(plan, tally)}")

        yield seen


def _cost(plan: Plan, tally: Tally) -> str:
    return f"{plan.prices.of(tally.input_tokens, tally.output_tokens):.2f}"


def _report(plan: Plan, tally: Tally) -> None:
    typer.echo(
        f"{tally.written} of {tally.total} written, {tally.failed} failed; {tally.input_tokens:,} tokens in, "
        f"{tally.output_tokens:,} out, cost {_cost(plan, tally)}"
    )
    if tally.failed:
        typer.echo(f"why they failed is in {plan.folder / 'journal.jsonl'}; --again asks them once more")
    if tally.stopped:
        typer.echo(f"stopped: {one_line(tally.stopped)}", err=True)


def _export(folder: Path, *, reviewed_only: bool) -> None:
    done = write_files(folder, read_settings(folder).to_kind(), reviewed_only=reviewed_only)
    left_out = f"; {done.dropped} replies dropped" + (f", {done.unseen} not looked at" if done.unseen else "")
    typer.echo(f"{folder}: {done.train} examples in train.jsonl, {done.validation} in validation.jsonl{left_out}")


def main() -> None:
    """Run; an error that a user can cause is one line."""
    try:
        app()
    except (YofoError, OSError) as error:
        typer.secho(f"error: {one_line(str(error))}", fg="red", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
