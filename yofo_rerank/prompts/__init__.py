"""Prompt formats as data, and the pure functions that turn them into token ids."""

from yofo_rerank.prompts.format import FORMATS, SPECIAL_TOKENS, PromptFormat, get_format
from yofo_rerank.prompts.template import Template, cut_at_slot, lay_out_prefix, prefix_ids, template_ids
from yofo_rerank.prompts.tokens import answer_ids, layout_ids, text_ids, token_id

__all__ = [
    "FORMATS",
    "SPECIAL_TOKENS",
    "PromptFormat",
    "Template",
    "answer_ids",
    "cut_at_slot",
    "get_format",
    "lay_out_prefix",
    "layout_ids",
    "prefix_ids",
    "template_ids",
    "text_ids",
    "token_id",
]
