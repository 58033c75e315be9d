"""One user turn as a model's own chat template renders it, with the answer about to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from yofo_rerank.errors import ModelError
from yofo_rerank.prompts.format import IMAGE_PAD, VISION_END, VISION_START

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARK = "WHAT THE USER SAYS"
_CONTENT = VISION_START + IMAGE_PAD + VISION_END + _MARK
_RENDER_ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def chat_turn(tokenizer: PreTrainedTokenizerBase, chat_template: str) -> tuple[str, str]:
    r"""What the template puts before a user's picture and text (system text included), and behind them.

    A model that would begin by thinking gets an empty thought, as its makers render it where thinking is off.

    Raises:
        ModelError: the template cannot be rendered, or does not keep picture and text together.
    """
    message: Any = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": _MARK}]}
    try:
        rendered = tokenizer.apply_chat_template(
            [message],
            chat_template=chat_template,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
    except _RENDER_ERRORS as error:
        raise ModelError(f"the model's chat template cannot be rendered: {error}") from error
    before, content, after = str(rendered).partition(_CONTENT)
    if not content or _MARK in before + after:
        raise ModelError(
            "the model's chat template does not keep picture and text of a turn together; "
            "wanted one that does, or another format (chat-v1)"
        )
    if after.rstrip("\n").endswith("<think>"):
        after = after.rstrip("\n") + "\n\n</think>\n\n"
    return before, after
