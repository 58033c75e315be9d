"""Keys and values of a pass: kept without a copy, or read behind states from one buffer that has room for more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer, LinearAttentionLayer

from yofo_rerank.models.recurrent import layer_behind, states_of
from yofo_rerank.models.states import PrefixState


class _Kept(DynamicLayer):
    """Refers to what the pass computed, where `DynamicLayer` would concatenate it to nothing."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys, self.values, self.is_initialized = key_states, value_states, True
        self.both = key_states, value_states
        return self.both


class _Filled(DynamicLayer):
    """Holds prefixes with room behind them, which the pass writes in place."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, filled: int) -> None:
        super().__init__()
        self.keys, self.values, self.is_initialized = keys, values, True
        self.dtype, self.device = keys.dtype, keys.device
        self._both, self._filled = (keys, values), filled

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        for buffer, new in zip(self._both, (key_states, value_states), strict=True):
            buffer[..., self._filled :, :] = new
        return self._both

    def get_seq_length(self, *_: Any) -> int:
        return self._filled


class KeptCache(Cache):
    """Starts empty, and keeps what one pass computes for `split_states`."""

    def __init__(self, kinds: Sequence[str]) -> None:
        layers: list[Any] = [_Kept() if kind == "full_attention" else LinearAttentionLayer() for kind in kinds]
        self.kept = [layer for layer in layers if isinstance(layer, _Kept)]
        self.linear = [layer for layer in layers if isinstance(layer, LinearAttentionLayer)]
        super().__init__(layers=layers)


def behind(states: Sequence[PrefixState], room: int, kinds: Sequence[str]) -> Cache:
    """Copies of the states, all ending in the same column, with room for that many tokens behind them."""
    longest = max(state.n_tokens for state in states)
    layers, _, heads, _, width = states[0].keys_values.shape
    shape = (layers, 2, len(states), heads, longest + room, width)
    padded = any(state.n_tokens < longest for state in states)
    buffer = (states[0].keys_values.new_zeros if padded else states[0].keys_values.new_empty)(shape)
    for row, state in enumerate(states):
        buffer[:, :, row, :, longest - state.n_tokens : longest] = state.keys_values
    filled = iter([_Filled(keys, values, longest) for keys, values in buffer])
    recurrent = iter([layer_behind(rows) for rows in zip(*(_pairs(state.recurrent) for state in states), strict=True)])
    return Cache(layers=[next(filled) if kind == "full_attention" else next(recurrent) for kind in kinds])


def split_states(cache: KeptCache, lengths: Sequence[int], next_positions: Sequence[int]) -> list[PrefixState]:
    """The prefixes' own keys and values out of a batch, without padding and templates; copies."""
    longest = max(lengths)
    states = []
    for row, (length, position) in enumerate(zip(lengths, next_positions, strict=True)):
        span = slice(longest - length, longest)
        own = [part[row, :, span] for layer in cache.kept for part in layer.both]
        stacked = torch.stack(own)
        recurrent = tuple(one for layer in cache.linear for one in states_of(layer, row))
        states.append(PrefixState(stacked.view(len(own) // 2, 2, *stacked.shape[1:]), position, recurrent))
    return states


def _pairs(tensors: Sequence[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(zip(tensors[::2], tensors[1::2], strict=True))
