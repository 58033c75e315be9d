"""Where the weights of the embedded default live inside the package."""

from __future__ import annotations

from pathlib import Path

from yofo_rerank.errors import ModelError

WEIGHTS = ("base", "adapter", "clip")


def weights_folder(name: str) -> Path:
    """The folder of one part of mini: `base` and `adapter` (the judge) or `clip` (the first stage).

    >>> weights_folder("base").name
    'base'
    """
    if name not in WEIGHTS:
        raise ModelError(f"mini has the parts {', '.join(WEIGHTS)}, but got {name!r}")
    return Path(__file__).parent / name
