"""A prompt format as the chat template of a decision model (System One, transformers >= 5.23).

Such a template gets `state` (our document) and `question` or `questions` (our requirements), and puts `<|mark|>` behind
the token where an answer is read, `<|split|>` where the tokenizer must not join; neither reaches the model.
"""

from __future__ import annotations

import json

from yofo_rerank.errors import ModelError
from yofo_rerank.prompts.format import IMAGE_PAD, VISION_END, VISION_START, Attention, PromptFormat
from yofo_rerank.prompts.tokens import layout_pieces

MARK, SPLIT = "<|mark|>", "<|split|>"

_DOCUMENT = """\
{%- macro part(value) -%}
    {%- if value is string -%}
        {{- value ~ SPLIT -}}
    {%- elif value is mapping and value.type == "image" -%}
        {{- IMAGE -}}
    {%- elif value is mapping and value.type == "text" -%}
        {{- value.text ~ SPLIT -}}
    {%- elif value is mapping and not value.keys()|reject("in", ["image", "text"])|list -%}
        {{- part(value["image"] or "") -}}{{- part(value["text"] or "") -}}
    {%- elif value is sequence and value is not mapping -%}
        {%- for one in value -%}{{- part(one) -}}{%- endfor -%}
    {%- else -%}
        {{- value|tojson ~ SPLIT -}}
    {%- endif -%}
{%- endmacro -%}
"""
_QUESTION = """\
{%- macro ask(q) -%}
    {%- if q.type != "noul" -%}
        {{- raise_exception("this model answers questions of the type noul alone, but got " ~ q.type) -}}
    {%- elif q.descriptions|select|list -%}
        {{- raise_exception("this model reads no criteria: say it all in the instructions of " ~ q.name) -}}
    {%- elif q.instructions is not string or not q.instructions|trim -%}
        {{- raise_exception("the instructions of " ~ q.name ~ " must be a text without images") -}}
    {%- endif -%}
    {{- BEFORE ~ q.instructions.strip().splitlines()|join(" ") ~ AFTER -}}
{%- endmacro -%}
"""
_ISOLATED = "{{- ask(question) -}}{{- MARK -}}\n"
_JOINT = "{%- for one in questions -%}{{- ask(one) -}}{{- MARK ~ REST -}}{%- endfor -%}\n"


def decision_template(layout: PromptFormat, attention: Attention) -> str:
    """The format as Jinja: every question in a prompt of its own (isolated), or all in one (joint).

    Token ids and answers are those of a judge with the same attention.

    Raises:
        ModelError: decision models read one token for yes and one for no, and the format sums several; or joint where
            every requirement is a turn of its own.
    """
    if len(layout.yes) != 1 or len(layout.no) != 1 or layout.after_text:
        raise ModelError(
            f"the prompt format {layout.name!r} reads several spellings of yes and no, which no decision model does: "
            "got no weights that were trained; wanted an adapter, a trained model, or the format chat-v1"
        )
    if attention == "joint" and layout.placeholder is None:
        raise ModelError(f"the prompt format {layout.name!r} asks one thing a turn: got joint, wanted isolated")
    rest = [layout.placeholder or "", *(layout.after_slot, layout.after_requirement)]
    values = {
        "IMAGE": _split(VISION_START + IMAGE_PAD + VISION_END),
        "BEFORE": layout.question_before,
        "AFTER": layout.question_after + SPLIT + _split(layout.before_slot),
        "MARK": MARK,
        "REST": "".join(_split(text) for text in rest),
        "SPLIT": SPLIT,
    }
    constants = "".join(
        f"{{%- set {name} = {json.dumps(text, ensure_ascii=False)} -%}}\n" for name, text in values.items()
    )
    before, after = (
        json.dumps(_split(text), ensure_ascii=False) for text in (layout.before_document, layout.after_document)
    )
    asked = _JOINT if attention == "joint" else _ISOLATED
    return f"{constants}{_DOCUMENT}{_QUESTION}{{{{- {before} -}}}}{{{{- part(state) -}}}}{{{{- {after} -}}}}\n{asked}"


def _split(layout: str) -> str:
    """A layout string whose pieces the tokenizer keeps apart, as `layout_ids` does."""
    return "".join(piece + SPLIT for piece in layout_pieces(layout)).replace(IMAGE_PAD + SPLIT, IMAGE_PAD)
