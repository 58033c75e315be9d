"""What every judge has in common: the protocol, checks of its input, and a judgement from a number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from yofo_rerank.documents import Document
from yofo_rerank.errors import RequirementError, YofoError
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement, Requirement

if TYPE_CHECKING:
    from yofo_rerank.models.config import Calibration
    from yofo_rerank.models.verdicts import Answer

LEAST_LABEL_MASS = 0.5  # a model that understood the question says yes or no nearly always


class Judge(Protocol):
    """What `YofoReranker` asks: `YofoJudge`, or any other that answers requirements of documents.

    A judge may also have `vocabulary_warnings(texts)`: what a user should know before trusting its answers.

    >>> class Sure:
    ...     def judge_outcomes(self, documents, requirements):
    ...         said = tuple(Judgement(requirement=one, p_yes=1.0, verdict=True) for one in requirements)
    ...         return [JudgedDocument(said) for _ in documents]
    ...     def info(self):
    ...         return {"model": "sure"}
    >>> judge: Judge = Sure()
    """

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[Requirement]
    ) -> list[JudgedDocument]:
        """Judgements of every document in the order given, or the failure that prevented them."""
        ...

    def info(self) -> dict[str, Any]:
        """What is judged with, in plain JSON types."""
        ...


@dataclass(frozen=True)
class JudgeStats:
    """Counters of the loaded model, which judges with the same settings share; verdicts on disk are a judge's own."""

    forward_passes: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    cache_evictions: int = 0
    cache_entries: int = 0
    cache_bytes: int = 0
    verdict_hits: int = 0
    verdict_misses: int = 0

    @property
    def cache_hit_rate(self) -> float:
        """Share of the prefix states asked for that were there."""
        return self.cache_hits / max(1, self.cache_hits + self.cache_misses)

    def to_dict(self) -> dict[str, int | float]:
        """Plain JSON types."""
        return asdict(self) | {"cache_hit_rate": self.cache_hit_rate}


def check_requirements(requirements: Sequence[str | Requirement]) -> tuple[Requirement, ...]:
    """Texts become requirements (musts).

    >>> check_requirements(["not pink"])[0].necessity
    'must'

    Raises:
        RequirementError: none, a bare string instead of a list, or an unusable one; names its place.
    """
    if isinstance(requirements, str | Requirement):
        raise RequirementError(f"requirements must be a list, but got {requirements!r}")
    checked = []
    for place, requirement in enumerate(requirements):
        try:
            checked.append(requirement if isinstance(requirement, Requirement) else Requirement(text=requirement))
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise RequirementError(f"requirement {place} ({requirement!r:.80}): {problem}") from error
    if not checked:
        raise RequirementError("wanted at least one requirement, but got none")
    return tuple(checked)


def to_outcome(
    answers: Sequence[Answer] | YofoError,
    requirements: Sequence[Requirement],
    calibration: Calibration,
    n_tokens: int | None = None,
) -> JudgedDocument:
    """What a judge says of one document, from the answers to its requirements or the reason why there are none."""
    if isinstance(answers, YofoError):
        return unjudged(answers)
    pairs = zip(requirements, answers, strict=True)
    return JudgedDocument(
        tuple(to_judgement(one, answer.log_odds, calibration, answer.label_mass) for one, answer in pairs),
        n_tokens=n_tokens,
    )


def unjudged(error: YofoError) -> JudgedDocument:
    """What a judge says of a document that it could not judge."""
    return JudgedDocument(failure=Failure(code=error.code, message=str(error)))


def to_judgement(
    requirement: Requirement, difference: float, calibration: Calibration, label_mass: float | None = None
) -> Judgement:
    """Paper eq. 5 over a softmax of yes and no alone, which is a sigmoid of their difference in logits."""
    x = difference / calibration.temperature + calibration.bias
    p_yes = 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(max(x, -700.0)) / (1 + math.exp(max(x, -700.0)))
    mass = None if label_mass is None else min(label_mass, 1.0)  # rounding
    return Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes > 0.5, label_mass=mass)


def low_label_mass(judgements: Iterable[Judgement]) -> float | None:
    """The mean share of the vocabulary that yes and no have, where it is so low that the template does not fit."""
    masses = [judgement.label_mass for judgement in judgements if judgement.label_mass is not None]
    mean = sum(masses) / len(masses) if masses else 1.0
    return mean if mean < LEAST_LABEL_MASS else None
