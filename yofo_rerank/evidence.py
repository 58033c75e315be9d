"""Maps of evidence: windows that are hidden, the map they make, the box of what carries most, the picture under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from yofo_rerank.requirements import Box

SHARE = 0.75  # of what speaks for the verdict: the least that a box holds; chosen on `evals.evidence`, seeds 9011, 9021
_FOR, _AGAINST, _EDGE = (91, 63, 209), (217, 119, 6), (255, 255, 255, 255)  # colours of an overlay
_STRONGEST = 0.62  # opacity of an overlay where the map is at its peak


def find_box(heat: Sequence[Sequence[float]], *, verdict: bool, share: float = SHARE) -> Box | None:
    """The smallest rectangle of tokens that holds `share` of what speaks for the verdict; of several, the fullest.

    Where every token carries alike, it is the whole picture.

    >>> find_box([[0.0, 0.0, 0.0], [0.0, 3.0, 3.0]], verdict=True)
    (0.3333333333333333, 0.5, 1.0, 1.0)
    >>> find_box([[-1.0, 0.0]], verdict=True) is None
    True
    """
    if not heat:
        return None
    support = np.clip(np.asarray(heat, dtype=float) * (1 if verdict else -1), 0, None)
    if not support.sum() > 0:
        return None
    rows, columns = support.shape
    if np.ptp(support) == 0:
        return (0.0, 0.0, 1.0, 1.0)
    sums = np.zeros((rows + 1, columns + 1))
    sums[1:, 1:] = support.cumsum(0).cumsum(1)
    top, bottom = (side[:, None] for side in np.triu_indices(rows + 1, 1))
    left, right = (side[None, :] for side in np.triu_indices(columns + 1, 1))
    held = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]  # (row spans, column spans)
    area = (bottom - top) * (right - left)
    wide_enough = held >= share * support.sum() * (1 - 1e-9)
    smallest = wide_enough & (area == area[wide_enough].min())
    row, column = np.unravel_index(np.argmax(np.where(smallest, held, -1.0)), held.shape)
    span = (left[0, column] / columns, top[row, 0] / rows, right[0, column] / columns, bottom[row, 0] / rows)
    return tuple(float(edge) for edge in span)  # type: ignore[return-value]


def token_heat(
    grid: tuple[int, int], windows: Sequence[Sequence[int]], falls: Sequence[float]
) -> tuple[tuple[float, ...], ...]:
    """The mean fall over the windows that hold a token, for every token of a grid (rows, columns).

    >>> token_heat((1, 3), [(0, 1), (1, 2)], [2.0, 0.0])
    ((2.0, 1.0, 0.0),)
    """
    total, count = np.zeros(grid[0] * grid[1]), np.zeros(grid[0] * grid[1])
    for window, fall in zip(windows, falls, strict=True):
        total[list(window)] += fall
        count[list(window)] += 1
    mean = (total / np.maximum(count, 1)).reshape(grid)
    return tuple(tuple(row) for row in mean.tolist())


def grid_windows(grid: tuple[int, int], side: int | None = None) -> list[tuple[int, ...]]:
    """Squares of `side` x `side` tokens that cover a grid (rows, columns) in steps of half a side, as token numbers.

    None = 2 tokens up to a grid of 8, a quarter of a larger one, so that there are never many. What is smaller than a
    square is one window.

    >>> grid_windows((2, 3), 2)
    [(0, 1, 3, 4), (1, 2, 4, 5)]
    """
    rows, columns = grid
    side = side or max(2, -(-max(grid) // 4) if max(grid) > 8 else 2)
    high, wide = min(side, rows), min(side, columns)
    return [
        tuple(row * columns + column for row in range(top, top + high) for column in range(left, left + wide))
        for top in _starts(rows, high)
        for left in _starts(columns, wide)
    ]


def _starts(n: int, side: int) -> list[int]:
    """Where windows of a side begin so that the last one ends with the n-th token."""
    return sorted({*range(0, n - side + 1, max(1, side // 2)), n - side})


def where(box: Box) -> str:
    """A box in words, by its middle.

    >>> where((0.3, 0.4, 0.7, 0.6)), where((0.0, 0.0, 0.3, 0.2)), where((0.0, 0.0, 1.0, 0.9))
    ('in the middle', 'top left', 'all over')
    """
    left, top, right, bottom = box
    if (right - left) * (bottom - top) > 0.5:
        return "all over"
    row = ("top", "", "bottom")[min(2, int((top + bottom) * 1.5))]
    column = ("left", "", "right")[min(2, int((left + right) * 1.5))]
    return f"{row} {column}".strip() or "in the middle"


def draw_layer(heat: Sequence[Sequence[float]], box: Box | None, size: tuple[int, int]) -> Image.Image:
    """A map as a transparent picture (RGBA) of that size, to lie over another: violet for yes, amber against.

    >>> draw_layer(((1.0, 0.0),), None, (9, 6)).mode
    'RGBA'
    """
    layer = Image.new("RGBA", size, (*_FOR, 0))
    values = np.asarray(heat, dtype=np.float32)
    strongest = float(np.abs(values).max()) if values.size else 0.0
    if strongest > 0:
        smooth = np.asarray(Image.fromarray(values / strongest, mode="F").resize(size, Image.Resampling.BICUBIC))
        colours = np.where(smooth[..., None] > 0, _FOR, _AGAINST)
        opacity = np.clip(np.abs(smooth), 0, 1)[..., None] * _STRONGEST * 255
        layer = Image.fromarray(np.concatenate([colours, opacity], axis=-1).astype(np.uint8), mode="RGBA")
    if box is not None:
        left, top, right, bottom = box
        corners = (left * size[0], top * size[1], right * size[0] - 1, bottom * size[1] - 1)
        ImageDraw.Draw(layer).rectangle(corners, outline=_EDGE, width=max(1, min(size) // 80))
    return layer


def draw_overlay(image: Image.Image, heat: Sequence[Sequence[float]], box: Box | None) -> Image.Image:
    """The upright picture under a map; a new picture.

    >>> draw_overlay(Image.new("RGB", (9, 6)), ((1.0, 0.0),), None).mode
    'RGB'
    """
    return Image.alpha_composite(image.convert("RGBA"), draw_layer(heat, box, image.size)).convert("RGB")
