"""The vision tower: its patch embedding as one matrix product, and the image processor that has to fit it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from yofo_rerank.errors import ModelError

_PATCH_SETTINGS = (
    ("patch_size", "patch_size"),
    ("merge_size", "spatial_merge_size"),
    ("temporal_patch_size", "temporal_patch_size"),
)


class LinearPatches(nn.Module):
    """A convolution whose stride is its kernel, over input of exactly one kernel, is a linear layer: same weights.

    `Conv3d` takes a slow path for this shape, on CPUs and for bfloat16 on GPUs.
    """

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__()
        self.weight = nn.Parameter(convolution.weight.detach().flatten(1), requires_grad=False)  # (width, patch)
        self.bias = convolution.bias

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Patches (n, channels, time, height, width) -> (n, width)."""
        if patches.stride(2) == 0 and patches.dtype is torch.float32:  # all frames are one: their weights can be summed
            weight = self.weight.view(len(self.weight), *patches.shape[1:3], -1).sum(2).flatten(1)
            return nn.functional.linear(patches[:, :, 0].flatten(1), weight, self.bias)
        return nn.functional.linear(patches.flatten(1), self.weight, self.bias)


def linearise_patches(patch_embedding: nn.Module) -> None:
    """Replace the `proj` convolution of a patch embedding, in place."""
    convolution = patch_embedding.proj
    if isinstance(convolution, nn.Conv3d) and convolution.stride == convolution.kernel_size:
        patch_embedding.proj = LinearPatches(convolution)


def restore_convolution(patch_embedding: nn.Module, config: Any) -> None:
    """Undo `linearise_patches`, in place: the weight gets the shape that Hugging Face's class reads."""
    linear = patch_embedding.proj
    if not isinstance(linear, LinearPatches):
        return
    kernel = (config.temporal_patch_size, config.patch_size, config.patch_size)
    width, channels = linear.weight.shape[0], linear.weight.shape[1] // math.prod(kernel)
    with torch.device("meta"):
        convolution = nn.Conv3d(channels, width, kernel, stride=kernel, bias=linear.bias is not None)
    convolution.weight = nn.Parameter(linear.weight.detach().view(width, channels, *kernel), requires_grad=False)
    convolution.bias = linear.bias
    patch_embedding.proj = convolution


def check_image_processor(image_processor: Any, vision_config: Any) -> None:
    """ModelError unless the processor cuts patches as the tower wants them, and its other settings are usable."""
    for name, of_tower in _PATCH_SETTINGS:
        got, wanted = getattr(image_processor, name, None), getattr(vision_config, of_tower)
        if got != wanted:
            raise ModelError(f"the image processor has {name} {got!r}, but the model's vision tower wants {wanted!r}")
    edges = [_edge(image_processor.size, name) for name in ("shortest_edge", "longest_edge")]
    if not (all(type(edge) is int for edge in edges) and 1 <= edges[0] <= edges[1]):
        raise ModelError(f"the image processor has size {image_processor.size!r}; wanted its edges in pixels")
    mean, deviation, factor = (getattr(image_processor, name) for name in ("image_mean", "image_std", "rescale_factor"))
    if not (_are_numbers(mean) and _are_numbers(deviation) and min(deviation) > 0):
        raise ModelError(
            f"the image processor has mean {mean!r} and deviation {deviation!r}; wanted three numbers each"
        )
    if not (_is_number(factor) and factor > 0):
        raise ModelError(f"the image processor has rescale_factor {factor!r}; wanted a number above 0")


def _edge(size: Any, name: str) -> Any:
    try:
        return size[name]
    except (KeyError, TypeError):
        return None


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list | tuple) and len(values) == 3 and all(map(_is_number, values))  # of red, green, blue


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
