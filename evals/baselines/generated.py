"""Verdicts that a model writes as JSON: one list of true and false, parsed strictly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from evals.baselines.prompt import Laid, lay_out
from evals.baselines.slot_model import image_of, speak
from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError, YofoError
from yofo_rerank.judging import check_requirements
from yofo_rerank.models.families import get_family
from yofo_rerank.models.slot_model import SlotModel
from yofo_rerank.prompts.template import one_line
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement, Requirement

DOCUMENT = "<|im_start|>user\n{image}{text}"
QUESTION = (
    "\nHere are statements about this product:\n{list}Which of them are true? Answer with a JSON list that holds true "
    "or false for each of them, in their order, and nothing else.<|im_end|>\n<|im_start|>assistant\n"
)
TOKENS_BESIDE, TOKENS_EACH = 8, 8  # as much as a well-formed answer may take


@dataclass(frozen=True, eq=False)
class GeneratingJudge:
    """Asks about all requirements at once and lets the model write; p_yes is 1 or 0, for nothing else is written."""

    model: SlotModel

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[str | Requirement]
    ) -> list[JudgedDocument]:
        """Judgements of every document; where what was written does not parse, a failure (code `unparsable`)."""
        checked = check_requirements(requirements)
        return [self._judge(document, checked) for document in documents]

    def info(self) -> dict[str, object]:
        """What is judged with."""
        return self.model.describe() | {"asked": "verdicts written as JSON"}

    def lay_out(self, document: Document, texts: Sequence[str]) -> Laid:
        """The document and all statements as the model reads them, after its family's own system text."""
        lines = "".join(f"{number}. {one_line(text)}\n" for number, text in enumerate(texts, start=1))
        prompt = get_family(self.model.network.model.config).default_system + DOCUMENT + QUESTION
        values = {"image": image_of(document, DOCUMENT, self.model), "text": document.text or "", "list": lines}
        return lay_out(prompt, values, self.model.maker, max_tokens=self.model.room_behind(0))

    def _judge(self, document: Document, requirements: Sequence[Requirement]) -> JudgedDocument:
        try:
            laid = self.lay_out(document, [one.text for one in requirements])
            said, _ = speak(self.model, laid, TOKENS_BESIDE + TOKENS_EACH * len(requirements))
            verdicts = parse(str(self.model.maker.tokenizer.decode(said)), len(requirements))
        except YofoError as error:
            return JudgedDocument(failure=Failure(code=error.code, message=str(error)))
        pairs = zip(requirements, verdicts, strict=True)
        return JudgedDocument(
            tuple(Judgement(requirement=one, p_yes=float(verdict), verdict=verdict) for one, verdict in pairs)
        )


def written(verdicts: Sequence[bool]) -> str:
    """The answer that a model should write; what it is trained on.

    >>> written([True, False])
    '[true, false]'
    """
    return json.dumps(list(verdicts))


def parse(text: str, count: int) -> list[bool]:
    """The verdicts of an answer.

    >>> parse("[true, false]", 2)
    [True, False]

    Raises:
        ModelError: anything but a JSON list of so many booleans (code `unparsable`); nothing is mended or guessed.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(one, bool) for one in found):
        raise ModelError(f"the model wrote {text[:80]!r}; wanted a JSON list of {count} booleans", code="unparsable")
    return found
