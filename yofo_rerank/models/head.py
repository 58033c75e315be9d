"""The LM head where it is needed: a few rows in float32, and the whole vocabulary without holding its logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

_CHUNK = 16_384  # rows of the head that are float32 at one time


def head_logits(head: nn.Module, hidden: torch.Tensor, ids: Sequence[int] | slice) -> torch.Tensor:
    """Logits of some tokens: hidden (..., width) -> float32 (..., ids).

    A plain linear head gives its rows to a product in float32. Any other one (a LoRA layer, a copy that an adapter
    trained) is called, because its weight alone is not what it computes.
    """
    if type(head) is nn.Linear:
        bias = 0 if head.bias is None else head.bias[ids].float()
        return hidden.float() @ head.weight[ids].float().T + bias
    return head(hidden)[..., ids].float()


def head_logsumexp(head: nn.Module, hidden: torch.Tensor) -> torch.Tensor:
    """Log of the sum of exp over the vocabulary: hidden (..., width) -> float32 (...)."""
    if type(head) is not nn.Linear:
        return head(hidden).float().logsumexp(-1)
    parts = [
        head_logits(head, hidden, slice(start, start + _CHUNK)).logsumexp(-1)
        for start in range(0, head.out_features, _CHUNK)
    ]
    return torch.stack(parts).logsumexp(0)
