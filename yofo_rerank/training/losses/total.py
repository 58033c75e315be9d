"""The whole objective, paper eq. 8."""

from __future__ import annotations

import torch


def total_loss(answer: torch.Tensor, reason: torch.Tensor, reason_weight: float) -> torch.Tensor:
    """L = L_answer + lambda * L_reason; lambda is 0.55 in the paper, as reasons have many more tokens than answers."""
    return answer + reason_weight * reason
