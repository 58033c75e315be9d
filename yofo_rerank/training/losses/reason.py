"""Next-token prediction inside the reasons, paper eq. 7."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from yofo_rerank.training.losses.answer import mean_of_means


def reason_loss(logits: torch.Tensor, tokens: torch.Tensor, samples: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Cross-entropy of each reason token: mean over a sample's reason tokens, then over the samples.

    Args:
        logits: at the position before each reason token  # (tokens, vocab)
        tokens: ids of the reason tokens  # (tokens,)
        samples: index of the sample a token belongs to  # (tokens,)
        n_samples: samples in the batch; one without reasons contributes 0
    """
    return mean_of_means(F.cross_entropy(logits.float(), tokens, reduction="none"), samples, n_samples)
