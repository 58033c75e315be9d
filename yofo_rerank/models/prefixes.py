"""A document as the model's input: token ids, positions and pictures of its prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.models.patches import Patcher, Picture
from yofo_rerank.models.positions import prefix_positions
from yofo_rerank.prompts import PromptFormat, lay_out_prefix, token_id
from yofo_rerank.prompts.format import IMAGE_PAD

if TYPE_CHECKING:
    from PIL import Image
    from transformers import PreTrainedTokenizerBase, Qwen2VLImageProcessor


@dataclass(frozen=True)
class Part:
    """Where a text or an image of the document lies in the prefix."""

    start: int
    n_tokens: int
    grid: tuple[int, int] | None = None  # of an image: rows and columns of tokens


@dataclass(frozen=True, eq=False)
class Prefix:
    """Model input for everything before the template."""

    ids: list[int]
    positions: torch.Tensor  # (3, tokens)
    parts: tuple[Part, ...]
    pictures: tuple[Picture, ...]  # of the parts that are images

    @cached_property
    def next_position(self) -> int:
        """Where the template starts."""
        return int(self.positions.max()) + 1

    @property
    def grids(self) -> tuple[tuple[int, int, int], ...]:
        """Time, rows and columns of patches of each picture, before merging."""
        return tuple(picture.grid for picture in self.pictures)


@dataclass(frozen=True)
class PrefixMaker:
    """Images and texts -> prefixes. Any number of threads may use one."""

    tokenizer: PreTrainedTokenizerBase
    image_processor: Qwen2VLImageProcessor
    layout: PromptFormat
    max_pixels: int | None = None

    @cached_property
    def patcher(self) -> Patcher:
        """Cuts the images."""
        return Patcher(self.image_processor, self.max_pixels)

    def make(self, image: Image.Image | None, text: str | None, *, max_tokens: int) -> Prefix:
        """Lay out one document: its image, then its text; errors as `lay_out`."""
        parts = [*([self.patcher.cut(image)] if image is not None else ()), *([text] if text else ())]
        return self.lay_out(parts, max_tokens=max_tokens)

    def lay_out(self, parts: Sequence[Picture | str], *, max_tokens: int) -> Prefix:
        """Lay out pictures and texts in their order.

        Raises:
            DocumentError: longer than `max_tokens` (code `too_long`); nothing is ever cut off.
        """
        grids = [self.patcher.merged(part.grid) if isinstance(part, Picture) else None for part in parts]
        sizes = [grid[0] * grid[1] if grid else part for part, grid in zip(parts, grids, strict=True)]
        ids, spans = lay_out_prefix(self.layout, self.tokenizer, sizes)  # type: ignore[arg-type]  # no grid: a text
        n_image_tokens = sum(grid[0] * grid[1] for grid in grids if grid)
        if len(ids) > max_tokens:
            raise DocumentError(
                f"the document takes {len(ids)} tokens ({n_image_tokens} of them image), but {max_tokens} are left "
                "beside the requirements; wanted a shorter text or a smaller max_pixels",
                code="too_long",
            )
        image_token = token_id(self.tokenizer, IMAGE_PAD)
        if ids.count(image_token) != n_image_tokens:
            raise ModelError(
                f"got {ids.count(image_token)} image tokens, wanted {n_image_tokens} for the grids {grids}"
            )
        return Prefix(
            ids,
            prefix_positions(ids, image_token, [grid for grid in grids if grid]),
            tuple(Part(start, end - start, grid) for (start, end), grid in zip(spans, grids, strict=True)),
            tuple(part for part in parts if isinstance(part, Picture)),
        )
