"""The four special tokens of a trained prompt format, placed in unused rows of the embedding table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from yofo_rerank.prompts import SPECIAL_TOKENS, token_id

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def add_special_tokens(
    tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, tokens: Sequence[str] = SPECIAL_TOKENS
) -> list[int]:
    """Make the tokenizer know the tokens and return their ids; tokens that it knows already keep theirs.

    Qwen's embedding table has rows beyond the tokenizer's length, and the new tokens take those. Only where too few
    are left is the table (and a tied head) resized.

    >>> ids = add_special_tokens(tokenizer, model)  # doctest: +SKIP
    """
    tokenizer.add_tokens(list(tokens), special_tokens=True)
    ids = [token_id(tokenizer, token) for token in tokens]
    table = cast("torch.nn.Embedding", model.get_input_embeddings())
    if max(ids, default=0) >= table.num_embeddings:
        model.resize_token_embeddings(max(ids) + 1)
    return ids
