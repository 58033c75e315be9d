"""M-RoPE positions of a prefix: a pure function, so nothing depends on what the model remembers."""

from __future__ import annotations

import torch


def prefix_positions(ids: list[int], image_token: int, grid: tuple[int, int] | None) -> torch.Tensor:
    """Positions on the time, height and width axes  # (3, tokens).

    Text counts up on all three alike. An image stands still in time, and its tokens have their own row and column;
    the text after it goes on behind the larger of the two. What follows the prefix starts at `positions.max() + 1`.

    Args:
        ids: the prefix.
        image_token: the id that stands for a piece of image.
        grid: rows and columns of image tokens after merging; None without an image.
    """
    if grid is None:
        return torch.arange(len(ids)).expand(3, -1)
    start = ids.index(image_token)
    rows, columns = grid
    index = torch.arange(rows * columns)
    image = start + torch.stack([torch.zeros_like(index), index // columns, index % columns])
    after = start + max(rows, columns) + torch.arange(len(ids) - start - rows * columns)
    return torch.cat([torch.arange(start).expand(3, -1), image, after.expand(3, -1)], dim=1)
