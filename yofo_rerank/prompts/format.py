"""Prompt formats as data: where image, text, requirements and slots go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yofo_rerank.errors import ModelError

SPECIAL_TOKENS = ("<|auth_start|>", "<|auth_end|>", "<|reason_start|>", "<|reason_end|>")
Attention = Literal["joint", "isolated"]  # isolated: a requirement sees the prefix and itself alone
VISION_START, IMAGE_PAD, VISION_END = "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"


@dataclass(frozen=True)
class PromptFormat:
    """One layout. Layout strings are ours: `<|...|>` in them is a control token; document and query text never is.

    prefix   = before_document + image + (document text + after_text) + after_document
    template = per requirement: (question_before + text + question_after) + before_slot + placeholder + after_slot
               [+ reason] + after_requirement

    What stands in brackets is tokenised in one piece. A slot is the placeholder's place; the answer is read one
    position before it (paper eq. 3), which without a placeholder is the last token before the model would speak.
    """

    name: str
    version: int
    before_document: str
    after_document: str = ""
    after_text: str = ""
    question_before: str = ""
    question_after: str = ""
    before_slot: str = ""
    after_slot: str = ""
    after_requirement: str = ""
    placeholder: str | None = None  # one token
    yes: tuple[str, ...] = ("yes",)  # spellings; those that are one token are summed
    no: tuple[str, ...] = ("no",)
    attention: Attention = "joint"  # how its requirements are asked, unless the judge is told otherwise
    label_mass: bool = False  # report how much of the whole vocabulary's probability the answers hold
    reason_start: str | None = None
    reason_end: str | None = None
    special_tokens: tuple[str, ...] = ()  # what a bare tokenizer lacks
    family_system: bool = False  # starts with the model family's default system text, as its chat template does
    own_chat: bool = False  # before_document and before_slot as the model's own chat template has them, if it has one


FORMATS = {
    layout.name: layout
    for layout in (
        PromptFormat(
            name="yofo-v1",  # trained: the four tokens of the paper around answer and reason
            version=1,
            before_document="<|im_start|>user\n",
            after_document="<|im_end|>\n<|im_start|>assistant\n",
            before_slot="<|auth_start|>",
            placeholder="unknown",
            after_slot="<|auth_end|>",
            after_requirement="\n",
            reason_start="<|reason_start|>",
            reason_end="<|reason_end|>",
            special_tokens=SPECIAL_TOKENS,
            attention="isolated",  # the paper's is joint; measured by `python -m evals.attention`
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
            placeholder="unknown",
            after_requirement="\n",
            family_system=True,
        ),
        PromptFormat(
            name="ask-v1",  # zero-shot: one question a turn, as the model's own chat template has it
            version=1,
            before_document="<|im_start|>user\n",
            after_text="\n",
            question_before="Is it true of this product: ",
            question_after="? Answer yes or no.",
            before_slot="<|im_end|>\n<|im_start|>assistant\n",
            yes=("yes", "Yes", "YES", " yes", " Yes", " YES"),
            no=("no", "No", "NO", " no", " No", " NO"),
            attention="isolated",
            label_mass=True,
            family_system=True,
            own_chat=True,
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
