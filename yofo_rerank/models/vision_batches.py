"""Pictures of one size go through the vision tower's attention as one batch, not one after another."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

NAME = "yofo_pictures"


def batch_pictures(vision_tower: nn.Module) -> None:
    """Let a vision tower with SDPA attention batch equal pictures, in place; towers with another stay as they are.

    The attention of these towers splits its input where one picture (or window) ends, in a loop. A hook before it
    counts the pieces, and where all are equal it hands them on as one; our attention takes that one apart again.
    """
    if getattr(vision_tower.config, "_attn_implementation", None) != "sdpa":
        return
    for module in vision_tower.modules():
        if type(module).__name__.endswith("VisionAttention"):
            vision_tower.config._attn_implementation = NAME  # type: ignore[union-attr]
            module.register_forward_pre_hook(_join_equal_pieces, with_kwargs=True)


def _join_equal_pieces(
    _: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    ends = named.get("cu_seqlens")
    if ends is None or len(ends) <= 2:
        return given, named
    lengths = ends.diff()
    if not bool((lengths == lengths[0]).all()):
        return given, named
    return given, named | {"cu_seqlens": ends[[0, -1]], "pieces": len(lengths)}


def _attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    pieces: int = 1,
    **settings: Any,
) -> tuple[torch.Tensor, None]:
    """SDPA where each of so many equal pieces sees itself: (1, heads, tokens, width) -> (1, tokens, heads, width)."""
    if pieces > 1:
        query, key, value = (_apart(one, pieces) for one in (query, key, value))
    found, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **settings)
    return found.reshape(1, -1, *found.shape[2:]), None


def _apart(states: torch.Tensor, pieces: int) -> torch.Tensor:
    """(1, heads, pieces x tokens, width) -> (pieces, heads, tokens, width)."""
    return states[0].unflatten(1, (pieces, -1)).transpose(0, 1)


AttentionInterface.register(NAME, _attend)
