"""Of the last decoder layer only keys and values are needed everywhere; the rest, only where somebody reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Places = tuple[torch.Tensor, torch.Tensor]  # rows and columns of a batch


def can_be_narrowed(layer: nn.Module) -> bool:
    """Not without attention, nor where somebody has put a forward of their own before it, as accelerate does."""
    return hasattr(layer, "self_attn") and "forward" not in vars(layer)


@contextmanager
def only_at(layer: Any, places: Places) -> Iterator[None]:
    """Within the block and for this thread, a decoder layer gives hidden states at these places alone.

    It attends as ever, so that its keys and values are kept whole; what follows has no eye for its neighbours, and is
    left out elsewhere. All supported families build their layers alike: attention and MLP, each with a norm before
    it and its input added after it.
    """
    whole, thread = layer.forward, threading.get_ident()

    def forward(hidden_states: torch.Tensor, *given: Any, **named: Any) -> torch.Tensor:
        if threading.get_ident() != thread:  # somebody else holds the model too
            return whole(hidden_states, *given, **named)
        attended, *_ = layer.self_attn(layer.input_layernorm(hidden_states), *given, **named)
        rows, columns = (index.to(hidden_states.device) for index in places)
        hidden = (hidden_states[rows, columns] + attended[rows, columns])[None]
        return hidden + layer.mlp(layer.post_attention_layernorm(hidden))  # (1, places, width)

    layer.forward = forward
    try:
        yield
    finally:
        del layer.forward
