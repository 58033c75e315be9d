"""Segments that only they themselves can see, so that a slot's context in training is that of inference.

Isolated attention: every requirement, with its slot and reason, is a segment behind the prefix. Hidden reasons: every
reason is one; in the paper a later slot sees the reasons of earlier requirements in training, but not at inference,
where there are none. Both take a mask (keys of a segment are visible to that segment alone) and positions that skip
the segments before.
"""

from __future__ import annotations

import torch


def visible(segments: torch.Tensor, attention_mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Additive attention mask  # (batch, 1, query, key).

    Args:
        segments: 0 for a token that all may see, k > 0 for the tokens of the k-th segment  # (batch, tokens)
        attention_mask: 1 for a token, 0 for padding  # (batch, tokens)
        dtype: of the model's activations
    """
    n_tokens = segments.shape[1]
    causal = torch.ones(n_tokens, n_tokens, dtype=torch.bool, device=segments.device).tril()
    shared = segments[:, None, :] == 0
    own = segments[:, None, :] == segments[:, :, None]
    allowed = causal & (shared | own) & attention_mask.bool()[:, None, :]
    allowed |= torch.eye(
        n_tokens, dtype=torch.bool, device=segments.device
    )  # a padding row needs one key, or it is NaN
    return torch.zeros_like(allowed, dtype=dtype).masked_fill(~allowed, torch.finfo(dtype).min).unsqueeze(1)


def skipped(segments: torch.Tensor) -> torch.Tensor:
    """How many positions each token moves back: the tokens before it that it cannot see  # (batch, tokens).

    >>> skipped(torch.tensor([[0, 1, 1, 0, 2, 0]])).tolist()
    [[0, 0, 0, 2, 2, 3]]
    """
    inside = segments > 0
    before = inside.long().cumsum(-1) - inside.long()  # tokens of segments before this one
    starts = inside & (segments != torch.nn.functional.pad(segments, (1, 0))[:, :-1])
    at_start = torch.where(starts, before, -1).cummax(-1).values  # the count where the newest segment began
    return torch.where(inside, at_start, before)
