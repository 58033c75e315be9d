"""`yofo push`: a trained adapter on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[Path, typer.Argument(help="The `final` folder of a training run.", exists=True, file_okay=False)],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Made where there is none.")],
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="Of a new repository. Default: as your settings say.")
    ] = None,
) -> None:
    """Upload a trained adapter or model with its model card to the Hugging Face hub.

    Example: yofo push runs/hooded/final my-name/hooded-judge
    """
    from yofo_rerank.models.publish import push_folder

    typer.echo(push_folder(folder, repository, private=private))
