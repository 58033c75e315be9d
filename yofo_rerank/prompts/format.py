"""Prompt formats as data: where image, text, requirements and slots go."""

from __future__ import annotations

from dataclasses import dataclass

from yofo_rerank.errors import ModelError

SPECIAL_TOKENS = ("<|auth_start|>", "<|auth_end|>", "<|reason_start|>", "<|reason_end|>")
VISION_START, IMAGE_PAD, VISION_END = "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"


@dataclass(frozen=True)
class PromptFormat:
    """One layout. Layout strings are ours: `<|...|>` in them is a control token; document and query text never is.

    prefix   = before_document + image + document text + after_document
    template = per requirement: text + before_slot + placeholder + after_slot [+ reason] + after_requirement

    A slot is the placeholder's place; the answer is read one position before it (paper eq. 3).
    """

    name: str
    version: int
    before_document: str
    after_document: str
    before_slot: str
    after_slot: str
    after_requirement: str = "\n"
    placeholder: str = "unknown"  # one token
    yes: str = "yes"  # one token
    no: str = "no"  # one token
    reason_start: str | None = None
    reason_end: str | None = None
    special_tokens: tuple[str, ...] = ()  # what a bare tokenizer lacks
    family_system: bool = False  # starts with the model family's default system text, as its chat template does


FORMATS = {
    layout.name: layout
    for layout in (
        PromptFormat(
            name="yofo-v1",  # trained: the four tokens of the paper around answer and reason
            version=1,
            before_document="<|im_start|>user\n",
            after_document="<|im_end|>\n<|im_start|>assistant\n",
            before_slot="<|auth_start|>",
            after_slot="<|auth_end|>",
            reason_start="<|reason_start|>",
            reason_end="<|reason_end|>",
            special_tokens=SPECIAL_TOKENS,
        ),
        PromptFormat(
            name="chat-v1",  # zero-shot, for a bare instruct model (the "Base" rows of the paper)
            version=1,
            before_document="<|im_start|>user\n",
            after_document=(
                "\nBelow are statements about this product. Under each one write yes if it is true, or no if it is not."
                "<|im_end|>\n<|im_start|>assistant\n"
            ),
            before_slot="\n",
            after_slot="",
            family_system=True,
        ),
    )
}


def get_format(name: str) -> PromptFormat:
    """The prompt format of that name.

    >>> get_format("yofo-v1").before_slot
    '<|auth_start|>'

    Raises:
        ModelError: unknown name; lists the known ones.
    """
    if name not in FORMATS:
        raise ModelError(f"unknown prompt format {name!r}; known: {', '.join(sorted(FORMATS))}", code="unknown_format")
    return FORMATS[name]
