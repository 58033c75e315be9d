"""The four special tokens of a trained prompt format, placed in unused rows of the embedding table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from yofo_rerank.models.config import ZERO_SHOT_FORMAT
from yofo_rerank.prompts import SPECIAL_TOKENS, PromptFormat, get_format, token_id

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

TRAINED_FORMAT = "yofo-v1"


def knows_tokens(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> bool:
    """Whether all of them were added to it already; then somebody trained with them.

    >>> knows_tokens(tokenizer, [])  # doctest: +SKIP
    True
    """
    return set(tokens) <= set(tokenizer.get_added_vocab())


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


def choose_components_format(
    wanted: str | None, model: PreTrainedModel | PeftModel, tokenizer: PreTrainedTokenizerBase
) -> PromptFormat:
    """The wanted format; else the trained one where tokenizer or adapter know its tokens, else the zero-shot one."""
    trained = get_format(TRAINED_FORMAT)
    adapters: dict[str, Any] = getattr(model, "peft_config", {})
    if wanted is None:
        rows = any(getattr(adapter, "trainable_token_indices", None) for adapter in adapters.values())
        return trained if rows or knows_tokens(tokenizer, trained.special_tokens) else get_format(ZERO_SHOT_FORMAT)
    layout = get_format(wanted)
    if not adapters:
        warn_if_untrained(layout, tokenizer)
    return layout


def warn_if_untrained(layout: PromptFormat, tokenizer: PreTrainedTokenizerBase) -> None:
    """Nobody trained a format whose tokens the tokenizer does not know: its answers are noise."""
    if not knows_tokens(tokenizer, layout.special_tokens):
        logger.warning(
            "the prompt format %r needs trained weights, but nothing here was trained with its special tokens: its "
            "answers will be noise; wanted an adapter, or format=None for zero-shot answers",
            layout.name,
        )
