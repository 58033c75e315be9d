"""A catalogue of the mini world: pictures (and texts) of garments, with the truth about each."""

from __future__ import annotations

import random
from typing import Any

from yofo_rerank.documents import Document
from yofo_rerank.mini.attributes import Garment, is_held_out, sample_garment
from yofo_rerank.mini.captions import caption
from yofo_rerank.mini.render import render

SIZE = 192  # pixels a side


def sample_garments(n: int, seed: int, *, held_out: bool | None = None) -> list[Garment]:
    """Draw n garments; `held_out=True` keeps to combinations never trained on, False to trained ones, None mixes."""
    rng = random.Random(f"catalogue {seed}")
    garments: list[Garment] = []
    while len(garments) < n:
        garment = sample_garment(rng)
        if held_out is None or is_held_out(garment) == held_out:
            garments.append(garment)
    return garments


def sample_catalog(
    n: int, seed: int = 0, *, media: str = "image", held_out: bool | None = None
) -> list[tuple[Document, dict[str, Any]]]:
    """Draw n products: a Document (`media`: "image", "text" or "both") and its attributes as a plain dict.

    >>> document, attributes = sample_catalog(1, seed=3)[0]
    >>> document.load_image().size, attributes["category"] in document.metadata["category"]
    ((192, 192), True)
    """
    if media not in ("image", "text", "both"):
        raise ValueError(f"media must be image, text or both, but got {media!r}")
    if n < 0:
        raise ValueError(f"n must be 0 or more, but got {n}")
    rng = random.Random(f"captions {seed}")
    catalogue = []
    for position, garment in enumerate(sample_garments(n, seed, held_out=held_out)):
        text = caption(garment, rng)
        document = Document(
            image=render(garment, seed=seed * 1_000_003 + position, size=SIZE) if media != "text" else None,
            text=text if media != "image" else None,
            id=f"mini-{seed}-{position:05d}",
            metadata={"category": garment.category},
        )
        catalogue.append((document, garment.to_dict()))
    return catalogue
