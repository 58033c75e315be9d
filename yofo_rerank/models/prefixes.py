"""A document as the model's input: token ids, positions and pixels of its prefix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.models.positions import prefix_positions
from yofo_rerank.prompts import PromptFormat, prefix_ids, token_id
from yofo_rerank.prompts.format import IMAGE_PAD

if TYPE_CHECKING:
    from PIL import Image
    from transformers import PreTrainedTokenizerBase, Qwen2VLImageProcessor

DEFAULT_IMAGE_TOKENS = 1280  # per image, unless the adapter or the caller sets max_pixels; the Qwen default is 16,384


@dataclass(frozen=True, eq=False)
class Prefix:
    """Model input for everything before the template."""

    ids: list[int]
    positions: torch.Tensor  # (3, tokens)
    pixels: torch.Tensor | None  # (patches, values of a patch)
    grid: tuple[int, int, int] | None  # time, rows, columns of patches, before merging

    @property
    def next_position(self) -> int:
        """Where the template starts."""
        return int(self.positions.max()) + 1


@dataclass(frozen=True)
class PrefixMaker:
    """Images and texts -> prefixes, by the Hugging Face processor's own parts."""

    tokenizer: PreTrainedTokenizerBase
    image_processor: Qwen2VLImageProcessor
    layout: PromptFormat
    max_pixels: int | None = None

    @cached_property
    def size(self) -> dict[str, int]:
        """Pixels an image may have after resizing, in the processor's words ("edge" means area there)."""
        smallest, largest = (self.image_processor.size[edge] for edge in ("shortest_edge", "longest_edge"))
        side = self.image_processor.patch_size * self.image_processor.merge_size
        wanted = self.max_pixels or min(largest, DEFAULT_IMAGE_TOKENS * side * side)
        return {"shortest_edge": min(smallest, wanted), "longest_edge": wanted}

    def make(self, image: Image.Image | None, text: str | None, *, max_tokens: int) -> Prefix:
        """Lay out one document.

        Raises:
            DocumentError: longer than `max_tokens` (code `too_long`); nothing is ever cut off.
        """
        pixels, grid, merged = None, None, None
        if image is not None:
            pixels, grid = self._patches(image)
            merge = self.image_processor.merge_size
            merged = (grid[1] // merge, grid[2] // merge)
        n_image_tokens = merged[0] * merged[1] if merged else 0
        ids = prefix_ids(self.layout, self.tokenizer, n_image_tokens=n_image_tokens, text=text)
        if len(ids) > max_tokens:
            raise DocumentError(
                f"the document takes {len(ids)} tokens ({n_image_tokens} of them image), but {max_tokens} are left "
                "beside the requirements; wanted a shorter text or a smaller max_pixels",
                code="too_long",
            )
        image_token = token_id(self.tokenizer, IMAGE_PAD)
        if ids.count(image_token) != n_image_tokens:
            raise ModelError(f"got {ids.count(image_token)} image tokens, wanted {n_image_tokens} for the grid {grid}")
        return Prefix(ids, prefix_positions(ids, image_token, merged), pixels, grid)

    def _patches(self, image: Image.Image) -> tuple[torch.Tensor, tuple[int, int, int]]:
        features = self.image_processor(images=[image], size=self.size, return_tensors="pt")
        time, rows, columns = features["image_grid_thw"][0].tolist()
        return features["pixel_values"], (time, rows, columns)
