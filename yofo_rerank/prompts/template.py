"""Prefix and template as token ids: pure functions that training and judging share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yofo_rerank.errors import ModelError, RequirementError
from yofo_rerank.prompts.format import IMAGE_PAD, VISION_END, VISION_START, PromptFormat
from yofo_rerank.prompts.tokens import layout_ids, text_ids, token_id

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Template:
    """The requirements in order as token ids, each followed by its answer slot.

    `slots[i]` is the index in `ids` of the i-th placeholder, or, in a format without one, of what comes next there;
    its answer is read at `slots[i] - 1` (paper eq. 3).
    `reason_spans` are [start, end) in `ids`, both markers included.
    """

    ids: list[int]
    slots: list[int]
    reason_spans: list[tuple[int, int]]


def prefix_ids(
    layout: PromptFormat, tokenizer: PreTrainedTokenizerBase, *, n_image_tokens: int, text: str | None
) -> list[int]:
    """Token ids of everything before the template, for one image (0 tokens = none), a text, or both."""
    parts = [*([n_image_tokens] if n_image_tokens else ()), *([text] if text else ())]
    return lay_out_prefix(layout, tokenizer, parts)[0]


def lay_out_prefix(
    layout: PromptFormat, tokenizer: PreTrainedTokenizerBase, parts: Sequence[int | str]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Token ids of everything before the template, and where each part lies; they depend on the document alone.

    Args:
        layout: the prompt format.
        tokenizer: of the model.
        parts: in order; a number is an image of so many tokens after merging patches, a text is taken literally.

    Returns:
        The ids, and [start, end) in them of each part: of an image its pad tokens, without the markers around them.
    """
    ids = layout_ids(tokenizer, layout.before_document)
    spans = []
    after_text = layout.after_text
    for place, part in enumerate(parts):
        if isinstance(part, int):
            ids.append(token_id(tokenizer, VISION_START))
            spans.append((len(ids), len(ids) + part))
            ids += [token_id(tokenizer, IMAGE_PAD)] * part + [token_id(tokenizer, VISION_END)]
        else:
            is_last = place == len(parts) - 1
            own = text_ids(tokenizer, part + after_text if is_last else part)
            after_text = "" if is_last else after_text
            spans.append((len(ids), len(ids) + len(own)))
            ids += own
    return ids + text_ids(tokenizer, after_text) + layout_ids(tokenizer, layout.after_document), spans


def template_ids(
    layout: PromptFormat,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    reasons: Sequence[str | None] | None = None,
) -> Template:
    """Lay out requirement texts, each tokenised alone and followed by its slot.

    Args:
        layout: the prompt format.
        tokenizer: of the model.
        texts: one per requirement.
        reasons: post-hoc reasons, for training (paper eq. 7); None = none, as at inference.

    Raises:
        RequirementError: no requirement, or one without a text.
        ModelError: reasons for a format that has no place for them.
    """
    if not texts:
        raise RequirementError("a template needs at least one requirement, but got none")
    ids: list[int] = []
    slots: list[int] = []
    spans: list[tuple[int, int]] = []
    before_slot = layout_ids(tokenizer, layout.before_slot)
    placeholder = [] if layout.placeholder is None else [token_id(tokenizer, layout.placeholder)]
    after_slot = layout_ids(tokenizer, layout.after_slot)
    end = layout_ids(tokenizer, layout.after_requirement)
    for text, reason in zip(texts, reasons or [None] * len(texts), strict=True):
        ids += _requirement_ids(layout, tokenizer, text) + before_slot
        slots.append(len(ids))
        ids += [*placeholder, *after_slot]
        if reason is not None:
            field = _reason_ids(layout, tokenizer, reason)
            spans.append((len(ids), len(ids) + len(field)))
            ids += field
        ids += end
    return Template(ids, slots, spans)


def cut_at_slot(template: Template) -> Template:
    """A template of one requirement as far as its answer depends on it: what follows the slot is seen by nobody."""
    (slot,) = template.slots
    return Template(template.ids[:slot], [slot], [])


def one_line(text: str) -> str:
    r"""The text with its line breaks as spaces: a requirement ends where its line ends.

    >>> one_line("not\npink")
    'not pink'
    """
    return " ".join(text.splitlines())


def _requirement_ids(layout: PromptFormat, tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    if not (line := one_line(text)):
        raise RequirementError(f"a requirement needs a text, but got {text!r}")
    return text_ids(tokenizer, layout.question_before + line + layout.question_after)


def _reason_ids(layout: PromptFormat, tokenizer: PreTrainedTokenizerBase, reason: str) -> list[int]:
    if layout.reason_start is None or layout.reason_end is None:
        raise ModelError(f"the prompt format {layout.name!r} has no place for reasons")
    start, end = token_id(tokenizer, layout.reason_start), token_id(tokenizer, layout.reason_end)
    return [start, *text_ids(tokenizer, one_line(reason)), end]
