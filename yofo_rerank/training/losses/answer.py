"""Supervision of the slots, paper eq. 6."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def answer_loss(logits: torch.Tensor, answers: torch.Tensor, samples: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Cross-entropy of the answer token at each slot: mean over a sample's slots, then over the samples.

    Args:
        logits: at the position before each placeholder, over the whole vocabulary  # (slots, vocab)
        answers: id of `yes` or `no`  # (slots,)
        samples: index of the sample a slot belongs to  # (slots,)
        n_samples: samples in the batch; each has a slot or more
    """
    return mean_of_means(F.cross_entropy(logits.float(), answers, reduction="none"), samples, n_samples)


def mean_of_means(values: torch.Tensor, samples: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Mean within each sample, then over all samples; a sample without values counts as 0.

    Dividing by all samples keeps the value independent of how a batch is cut into accumulated or distributed parts.
    """
    sums = values.new_zeros(n_samples).index_add(0, samples, values)
    counts = values.new_zeros(n_samples).index_add(0, samples, torch.ones_like(values))
    return (sums / counts.clamp(min=1)).mean()
