"""The patch embedding as one matrix product."""

from __future__ import annotations

import torch
from torch import nn


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
        return nn.functional.linear(patches.flatten(1), self.weight, self.bias)


def linearise_patches(patch_embedding: nn.Module) -> None:
    """Replace the `proj` convolution of a patch embedding, in place."""
    convolution = patch_embedding.proj
    if isinstance(convolution, nn.Conv3d) and convolution.stride == convolution.kernel_size:
        patch_embedding.proj = LinearPatches(convolution)
