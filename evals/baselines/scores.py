"""Scores that can be trusted: one finite number for each document, and not the same for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evals.baselines.record import Scorer
from yofo_rerank.content import default_id
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError

CONSTANT = 1e-6  # scores no further apart than this are one score
UNDECIDED = 0.005  # probabilities no further from 0.5 than this say nothing: what a wrong template gives
ENOUGH = 3  # distinct documents among which a contestant must see a difference
QUESTIONS = 20  # among which it must, where each is about one document or two


class ConstantScores(ModelError):
    """A contestant gives different documents one score."""

    default_code = "constant_scores"


@dataclass(frozen=True)
class Checked:
    """A scorer whose every answer is checked; of a scorer with `discrete = True`, ties are let pass."""

    scorer: Scorer
    name: str

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """As `Scorer.score`; see `check_scores` for what is refused."""
        scores = self.scorer.score(query, documents)
        return check_scores(self.name, documents, scores, discrete=is_discrete(self.scorer))


def check_scores(
    name: str, documents: Sequence[Document], scores: Sequence[float], *, discrete: bool = False
) -> list[float]:
    """The scores as Python floats, if there is one finite score for each document and they are not all the same.

    >>> check_scores("toy", [Document(text="a"), Document(text="b")], [1, 2])
    [1.0, 2.0]

    Raises:
        ConstantScores: three or more distinct documents have one score, to 1e-6 (of the score, where that is small).
        ModelError: too few, too many or not finite.
    """
    numbers = [float(score) for score in scores]
    if len(numbers) != len(documents):
        raise ModelError(f"{name}: got {len(numbers)} scores, wanted {len(documents)}, one for each document")
    for document, number in zip(documents, numbers, strict=True):
        if not math.isfinite(number):
            raise ModelError(f"{name}: got the score {number} for document {document.id!r:.80}, wanted a finite number")
    if not discrete:
        _refuse_constant(name, documents, numbers)
    return numbers


def refuse_alike(name: str, answers: Sequence[Sequence[float]]) -> None:
    """Refuse a contestant whose first `QUESTIONS` answers are one score, or all about 0.5; fewer are let pass.

    >>> refuse_alike("toy", [[0.5, 0.5]] * 19)

    Raises:
        ConstantScores: all scores of those questions are the same, to 1e-6 (of the score, where that is small), or
            within 0.005 of 0.5.
    """
    numbers = [score for answer in answers[:QUESTIONS] for score in answer]
    if len(answers) < QUESTIONS or not numbers:
        return
    about = "" if _alike(numbers) else "about "
    if about and any(abs(number - 0.5) > UNDECIDED for number in numbers):
        return
    raise ConstantScores(
        f"{name}: all {len(numbers)} scores of the first {QUESTIONS} questions are {about}{numbers[0]:.6g}; its "
        "template may not fit its weights, or weights were not loaded (a scorer that counts says so with "
        "`discrete = True`)"
    )


def _alike(numbers: Sequence[float]) -> bool:
    largest = max(abs(number) for number in numbers)
    return max(numbers) - min(numbers) <= CONSTANT * min(1.0, largest)


def is_discrete(scorer: Scorer) -> bool:
    """Whether a scorer counts (parsed verdicts do), so that equal scores of different documents are an answer."""
    inner = scorer.scorer if isinstance(scorer, Checked) else scorer
    return bool(getattr(inner, "discrete", False))


def require_image(name: str, document: Document) -> None:
    """Refuse a document without a picture, for contestants that read nothing else.

    Raises:
        DocumentError: it has none.
    """
    if document.image is None:
        raise DocumentError(f"{name} reads images, but document {document.id!r:.80} has none")


def _refuse_constant(name: str, documents: Sequence[Document], numbers: Sequence[float]) -> None:
    if len(numbers) < ENOUGH:
        return
    if not _alike(numbers):
        return
    distinct = {default_id(document.images, document.text) for document in documents}
    if len(distinct) >= ENOUGH:
        raise ConstantScores(
            f"{name}: all {len(distinct)} distinct documents score {numbers[0]:.6g}; its template may not fit its"
            " weights, or weights were not loaded (a scorer that counts says so with `discrete = True`)"
        )
