"""What can be told about a command before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from yofo_rerank.cli.messages import warn
from yofo_rerank.errors import DecomposeError, DocumentError

REAL_MODEL = "Qwen/Qwen3-VL-2B-Instruct"
REAL_ENCODER = "ViT-B-32 --pretrained laion2b_s34b_b79k"


def check_query(query: str) -> None:
    """DecomposeError for a blank one."""
    if not query.strip():
        raise DecomposeError("the query is blank; wanted words such as 'a long dress, not pink'")


def check_one_catalogue(images: Path | None, index: Path | None) -> None:
    """BadParameter where both a folder and an index are given."""
    if images and index:
        raise typer.BadParameter("give --images or --index, not both")


def check_models(*names: str | None) -> None:
    """ModelError for a folder that is not there; a Hugging Face id is looked up later."""
    from yofo_rerank.models.sources import local_folder

    for name in names:
        if name is not None:
            local_folder(name)


def check_images(images: Sequence[Path]) -> None:
    """DocumentError where none is there; one that is missing among others fails alone, with its reason."""
    if not any(image.exists() for image in images):
        raise DocumentError(f"there is no file {', '.join(map(str, images[:3]))!r}", code="missing")


def warn_of_mini(flag: str, wanted: str) -> None:
    """The user's own images meet the embedded model, and nobody asked for it."""
    warn(
        "the embedded model 'mini' knows drawn garments alone: about your own images it guesses; "
        f"name a real one: {flag} {wanted}"
    )
