"""M-RoPE positions of a prefix: a pure function, so nothing depends on what the model remembers."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def prefix_positions(ids: Sequence[int], image_token: int, grids: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Positions on the time, height and width axes  # (3, tokens).

    Text counts up on all three alike. An image stands still in time, and its tokens have their own row and column;
    the text after it goes on behind the larger of the two. What follows the prefix starts at `positions.max() + 1`.

    Args:
        ids: the prefix.
        image_token: the id that stands for a piece of image.
        grids: rows and columns of image tokens after merging, of each image in order; no two images touch.
    """
    parts, at, position = [], 0, 0
    for rows, columns in grids:
        start = list(ids).index(image_token, at)
        parts.append(_text(position, start - at))
        position += start - at
        index = torch.arange(rows * columns)
        parts.append(position + torch.stack([torch.zeros_like(index), index // columns, index % columns]))
        position += max(rows, columns)
        at = start + rows * columns
    return torch.cat([*parts, _text(position, len(ids) - at)], dim=1)


def _text(position: int, n_tokens: int) -> torch.Tensor:
    return torch.arange(position, position + n_tokens).expand(3, -1)
