"""A prompt format of ours as a template of transformers' decision pipeline: the same token ids, all questions at once.

`<|mark|>` says that the answer is read at the token before it; `<|split|>` keeps what stands on either side from
becoming one token, as our texts are tokenised alone. The pipeline drops both.
"""

from __future__ import annotations

import json
import re

from yofo_rerank.errors import ModelError
from yofo_rerank.prompts.format import IMAGE_PAD, VISION_END, VISION_START, PromptFormat

MARK, SPLIT = "<|mark|>", "<|split|>"
_CONTROL = re.compile(r"(<\|[a-z_]+\|>)")


def decision_template(layout: PromptFormat) -> str:
    """The Jinja text of `decision_template.jinja`; it reads `state` and `questions`.

    >>> from yofo_rerank.prompts import get_format
    >>> "<|auth_start|><|split|><|mark|>" in decision_template(get_format("yofo-v1"))
    True

    Raises:
        ModelError: a format whose text depends on the model (its system text or chat template), or that has no
            placeholder after a text of its own.
    """
    if layout.family_system or layout.own_chat or layout.after_text:
        raise ModelError(f"the prompt format {layout.name!r} depends on model or document; wanted one like 'yofo-v1'")
    after = layout.after_slot if layout.placeholder is None else layout.placeholder + SPLIT + _spell(layout.after_slot)
    question = [
        *([_quote(layout.question_before)] if layout.question_before else []),
        "question.instructions",
        *([_quote(layout.question_after)] if layout.question_after else []),
        _quote(SPLIT + _spell(layout.before_slot) + SPLIT + MARK + after + SPLIT + _spell(layout.after_requirement)),
        _quote(SPLIT),
    ]
    picture = VISION_START + IMAGE_PAD + VISION_END
    return (
        "{%- macro show(part) -%}{%- if part is string -%}{{ part }}{%- else -%}{%- for one in part -%}"
        "{%- if one.type == 'image' -%}{{ " + _quote(picture) + " }}{%- else -%}{{ one.text }}{%- endif -%}"
        "{%- endfor -%}{%- endif -%}{%- endmacro -%}"
        "{{- " + _quote(_spell(layout.before_document) + SPLIT) + " -}}{{- show(state) -}}"
        "{{- " + _quote(SPLIT + _spell(layout.after_document) + SPLIT) + " -}}"
        "{%- for question in questions -%}{{- " + " ~ ".join(question) + " -}}{%- endfor -%}"
    )


def _spell(layout: str) -> str:
    """A layout string with its pieces held apart."""
    return SPLIT.join(piece for piece in _CONTROL.split(layout) if piece)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
