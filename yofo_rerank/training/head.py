"""The LM head at supervised positions only: a full one costs positions x 150,000 logits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers import PreTrainedModel


@contextmanager
def head_at(model: PreTrainedModel, rows: torch.Tensor, columns: torch.Tensor) -> Iterator[None]:
    """Within the block, `model(...)` returns logits at (rows, columns) alone  # (positions, vocab).

    A hook on the head, not a second forward: the call still goes through whatever wraps the model (peft, DDP,
    DeepSpeed), which those need for their own hooks.

    >>> with head_at(model, rows, columns):  # doctest: +SKIP
    ...     logits = model(**inputs).logits
    """

    def pick(_module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        (hidden,) = args  # (batch, tokens, width)
        return (hidden[rows, columns],)

    handle = model.get_output_embeddings().register_forward_pre_hook(pick)
    try:
        yield
    finally:
        handle.remove()
