"""A picture as the vision tower wants it: resized to whole patches, kept as bytes until the pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from PIL import Image
    from transformers import Qwen2VLImageProcessor

DEFAULT_IMAGE_TOKENS = 1280  # per image, unless the adapter or the caller sets max_pixels; the Qwen default is 16,384
REDUCE_TO = 4  # times the pixels that are wanted: a larger picture need not be decoded whole


@dataclass(frozen=True, eq=False)
class Picture:
    """An image cut into patches, still 8 bits a value: an eighth of what the vision tower reads."""

    patches: torch.Tensor  # uint8 (patches, channels, pixels of a patch)
    grid: tuple[int, int, int]  # time, rows, columns of patches, before merging


@dataclass(frozen=True)
class Patcher:
    """Does what the Hugging Face image processor does, with its settings; results are equal bit by bit."""

    image_processor: Qwen2VLImageProcessor
    max_pixels: int | None = None

    @cached_property
    def size(self) -> dict[str, int]:
        """Pixels an image may have after resizing, in the processor's words ("edge" means area there)."""
        smallest, largest = (self.image_processor.size[edge] for edge in ("shortest_edge", "longest_edge"))
        side = self.image_processor.patch_size * self.image_processor.merge_size
        wanted = self.max_pixels or min(largest, DEFAULT_IMAGE_TOKENS * side * side)
        return {"shortest_edge": min(smallest, wanted), "longest_edge": wanted}

    @property
    def enough_pixels(self) -> int:
        """A picture of more may be decoded smaller, down to this."""
        return REDUCE_TO * self.size["longest_edge"]

    def cut(self, image: Image.Image, full_size: tuple[int, int] | None = None) -> Picture:
        """Resize and cut an RGB image; `full_size` is its (width, height) before it was decoded smaller."""
        from torchvision.transforms.v2 import functional as vision
        from transformers.image_utils import pil_torch_interpolation_mapping

        width, height = full_size or image.size
        wanted = self._target(height, width)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)  # (channels, height, width)
        if tuple(pixels.shape[1:]) != wanted:
            how = pil_torch_interpolation_mapping[self.image_processor.resample]
            pixels = vision.resize(pixels.contiguous(), list(wanted), interpolation=how, antialias=True)
        patch, merge = self.image_processor.patch_size, self.image_processor.merge_size
        rows, columns = wanted[0] // patch, wanted[1] // patch
        cut = pixels.reshape(3, rows // merge, merge, patch, columns // merge, merge, patch)
        cut = cut.permute(1, 4, 2, 5, 0, 3, 6).reshape(rows * columns, 3, patch * patch)
        return Picture(cut.contiguous(), (1, rows, columns))

    def n_tokens(self, size: tuple[int, int]) -> int:
        """Image tokens of a picture of this width and height, which may be exchanged."""
        height, width = self._target(size[1], size[0])
        side = self.image_processor.patch_size * self.image_processor.merge_size
        return (height // side) * (width // side)

    def merged(self, grid: tuple[int, int, int]) -> tuple[int, int]:
        """Rows and columns of image tokens."""
        return grid[1] // self.image_processor.merge_size, grid[2] // self.image_processor.merge_size

    def values(
        self, pictures: Sequence[Picture], device: torch.device | None = None, dtype: torch.dtype = torch.float32
    ) -> torch.Tensor:
        """`pixel_values` of the vision tower, normalised  # (patches, channels, frames, pixels of a patch).

        The frames are one and the same memory: the picture does not move.
        """
        patches = torch.cat([picture.patches for picture in pictures]).to(device, non_blocking=True)
        scale = 1 / self.image_processor.rescale_factor
        mean, std = (
            (torch.tensor(values) * scale).to(patches.device)[:, None]
            for values in (self.image_processor.image_mean, self.image_processor.image_std)
        )
        frames = self.image_processor.temporal_patch_size
        values = patches.float().sub_(mean).div_(std).to(dtype)[:, :, None]  # (patches, channels, 1, pixels)
        return values.expand(-1, -1, frames, -1)

    def _target(self, height: int, width: int) -> tuple[int, int]:
        """Height and width in whole merged patches, about the same shape, within the budget of pixels."""
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

        factor = self.image_processor.patch_size * self.image_processor.merge_size
        least, most = self.size["shortest_edge"], self.size["longest_edge"]
        return smart_resize(height, width, factor=factor, min_pixels=least, max_pixels=most)
