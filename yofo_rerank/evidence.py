"""Evidence: where in a document an answer comes from, as a map over image tokens or weights of words.

A map says what the answer depends on: how far the log-odds of yes fall when the model cannot see a place. It is no
segmentation, and a place that is seen in two spots may carry little in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from yofo_rerank.requirements import Judgement

Box = tuple[float, float, float, float]  # left, top, right, bottom in 0..1 of the upright picture

SHARE = 0.7  # of what speaks for the verdict: the least that a box holds
_FOR, _AGAINST, _EDGE = (91, 63, 209), (217, 119, 6), (255, 255, 255)  # colours of an overlay
_STRONGEST = 0.62  # opacity of an overlay where the map is at its peak


@dataclass(frozen=True)
class Word:
    """A word of a document's text, and how far the log-odds of yes fall without it."""

    text: str
    start: int  # in the document's text
    weight: float  # log-odds


@dataclass(frozen=True)
class Evidence:
    """What one judgement rests on.

    >>> from yofo_rerank import Requirement
    >>> seen = Judgement(requirement=Requirement(text="has a logo"), p_yes=0.98, verdict=True)
    >>> Evidence(seen, heat=((0.0, 4.0), (0.0, 0.1))).box
    (0.5, 0.0, 1.0, 0.5)

    Args:
        judgement: of the whole document.
        heat: rows x columns of image tokens, signed, in log-odds of yes: positive where the answer yes comes from;
            empty without an image.
        page: which of the document's images `heat` is of, from 0: the one that carries most.
        words: of the document's text.
    """

    judgement: Judgement
    heat: tuple[tuple[float, ...], ...] = ()
    page: int = 0
    words: tuple[Word, ...] = ()

    @property
    def p_yes(self) -> float:
        """Of the judgement."""
        return self.judgement.p_yes

    @property
    def box(self) -> Box | None:
        """The smallest rectangle of what carries most of the verdict; None where nothing in the picture does."""
        return find_box(self.heat, verdict=self.judgement.verdict)

    def overlay(self, image: Image.Image) -> Image.Image:
        """A copy of the upright picture with the map on it: violet speaks for yes, amber against; the box in white."""
        return draw_overlay(image, self.heat, self.box)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "requirement": self.judgement.requirement.text,
            "p_yes": self.p_yes,
            "verdict": self.judgement.verdict,
            "heat": [list(row) for row in self.heat],
            "box": None if self.box is None else list(self.box),
            "page": self.page,
            "words": [{"text": word.text, "start": word.start, "weight": word.weight} for word in self.words],
        }


def find_box(heat: Sequence[Sequence[float]], *, verdict: bool, share: float = SHARE) -> Box | None:
    """The smallest rectangle of tokens that holds `share` of what speaks for the verdict; of several, the fullest.

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


def draw_overlay(image: Image.Image, heat: Sequence[Sequence[float]], box: Box | None) -> Image.Image:
    """The picture under a map; the input stays as it is."""
    shown = image.convert("RGB")
    if not heat:
        return shown
    values = np.asarray(heat, dtype=np.float32)
    strongest = float(np.abs(values).max())
    if strongest > 0:
        smooth = Image.fromarray(values / strongest, mode="F").resize(shown.size, Image.Resampling.BICUBIC)
        for colour, sign in ((_FOR, 1), (_AGAINST, -1)):
            opacity = np.clip(np.asarray(smooth) * sign, 0, 1) * _STRONGEST * 255
            shown.paste(Image.new("RGB", shown.size, colour), mask=Image.fromarray(opacity.astype(np.uint8)))
    if box is not None:
        left, top, right, bottom = box
        width, height = shown.size
        corners = (left * width, top * height, right * width - 1, bottom * height - 1)
        ImageDraw.Draw(shown).rectangle(corners, outline=_EDGE, width=max(2, min(shown.size) // 96))
    return shown
