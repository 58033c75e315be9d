"""Where the renderer draws a detail: the pixels that change when the garment has it no longer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops

from yofo_rerank.mini.attributes import FLAGS, Garment
from yofo_rerank.mini.render import render

LOCAL = ("chest_logo", "belt", "hood", "pockets", "buttons", "collar", "neckline", "asymmetric_hem", "sleeves")
_OTHER = {"neckline": ("round", "v"), "sleeves": ("sleeveless", "long")}
_CHANGED = 24  # of 255, in any colour: less is anti-aliasing


def without(garment: Garment, attribute: str) -> Garment:
    """The same garment without a detail, or with another value of it.

    >>> from yofo_rerank.mini.catalog import sample_garments
    >>> without(sample_garments(1, 3)[0], "belt").belt
    False
    """
    if attribute in FLAGS:
        return replace(garment, **{attribute: False})
    first, second = _OTHER[attribute]
    return replace(garment, **{attribute: second if getattr(garment, attribute) == first else first})


def true_region(garment: Garment, attribute: str, seed: int, size: int = 192) -> np.ndarray:
    """Which pixels of `render(garment, seed)` show the detail  # bool (size, size)."""
    pictures = render(garment, seed, size), render(without(garment, attribute), seed, size)
    return np.asarray(ImageChops.difference(*pictures)).max(-1) > _CHANGED


def on_grid(region: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The tokens of a grid (rows, columns) that a region of pixels touches  # bool (rows, columns)."""
    rows, columns = grid
    fine = Image.fromarray(region).resize((columns * 16, rows * 16), Image.Resampling.NEAREST)
    return np.asarray(fine).reshape(rows, 16, columns, 16).any((1, 3))


def grown(tokens: np.ndarray) -> np.ndarray:
    """The tokens and their eight neighbours."""
    padded = np.pad(tokens, 1)
    rows, columns = tokens.shape
    return np.logical_or.reduce([padded[r : r + rows, c : c + columns] for r in range(3) for c in range(3)])
