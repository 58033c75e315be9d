"""`yofo export`: a judge as a folder for plain transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from yofo_rerank.cli import options


def export(
    folder: Annotated[Path, typer.Argument(help="New, empty, or an earlier export.", file_okay=False)],
    model: options.Model = None,
    adapter: options.Adapter = None,
    attention: Annotated[
        Literal["isolated", "joint"] | None,
        typer.Option(help="'isolated': a prompt for every requirement; 'joint': one for all. Default: as trained."),
    ] = None,
    format: Annotated[str | None, typer.Option(help="Prompt format of a model that was not trained.")] = None,  # noqa: A002
    dtype: Annotated[str, typer.Option(help="auto (as stored), float32, bfloat16 or float16.")] = "auto",
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Then upload it to the Hugging Face hub.")
    ] = None,
) -> None:
    """Write a judge for pipeline("decision") and `transformers serve`, which then need nothing of ours.

    Example: yofo export judge --model Qwen/Qwen3-VL-2B-Instruct --adapter runs/hooded/final
    """
    from yofo_rerank.models.export import check_export_folder, export_folder

    if push is not None:
        from yofo_rerank.models.publish import check_repository

        check_repository(push)
    name = model or options.MINI
    check_export_folder(folder.resolve(), name, adapter)  # before the imports below, which are slow
    options.quiet_libraries()
    with options.step("Exporting"):
        done = export_folder(folder, name, adapter, format=format, attention=attention, dtype=dtype)
    typer.echo(f"{done.folder}: asks {done.attention}, at most {done.max_pixels} pixels per image")
    if push is not None:
        from yofo_rerank.models.publish import push_folder

        typer.echo(push_folder(done.folder, push, message="A decision model of yofo-rerank"))
