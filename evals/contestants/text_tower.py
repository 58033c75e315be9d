"""The text side of the dual and the matching contestants: the embedded CLIP's text transformer, trained further."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch import nn

from yofo_rerank.mini.recipe.clip import CONTEXT, build_clip, encode_queries
from yofo_rerank.mini.recipe.clip_texts import build_query_tokenizer
from yofo_rerank.mini.weights import weights_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

WIDTH = 128  # of its token states


@cache
def query_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer that lies beside the embedded CLIP."""
    return build_query_tokenizer()


def build_text_tower() -> nn.Module:
    """An open_clip model with the embedded weights, without its picture tower."""
    model: Any = build_clip(query_tokenizer())
    model.load_state_dict(load_file(weights_folder("clip") / "open_clip_model.safetensors"))
    model.visual = None
    model.logit_scale.requires_grad_(False)
    tower: nn.Module = model.float()
    return tower


def text_vectors(tower: nn.Module, texts: list[str]) -> torch.Tensor:
    """One vector a text  # (texts, 256)."""
    return encode_queries(tower, query_tokenizer(), texts)


def text_states(tower: Any, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """The states of every token and which are padding  # (texts, tokens, 128), (texts, tokens)."""
    given = query_tokenizer()(texts, return_tensors="pt", padding=True, truncation=True, max_length=CONTEXT)
    length = given.input_ids.shape[1]
    hidden = tower.token_embedding(given.input_ids) + tower.positional_embedding[:length]
    hidden = tower.ln_final(tower.transformer(hidden, attn_mask=tower.attn_mask[:length, :length]))
    return hidden, given.attention_mask == 0
