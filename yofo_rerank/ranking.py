"""What a judge found, as places in a ranking: best first, what could not be judged last, each with its reasons."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from yofo_rerank.candidates import Candidate
from yofo_rerank.documents import Document
from yofo_rerank.errors import ConfigError, DocumentError, ModelError, YofoError
from yofo_rerank.requirements import Explanation, JudgedDocument, Ranking, Requirement
from yofo_rerank.scoring import ScoringRule

logger = logging.getLogger(__name__)

_MODEL_FAILURES = ("nan", "oom")


def explain_outcomes(
    outcomes: Sequence[JudgedDocument], rule: ScoringRule, retrieval_scores: Sequence[object], *, drop: bool = False
) -> list[Explanation]:
    """One explanation per outcome; equal scores keep their order, failures come last, or not at all with `drop`."""
    explained = [
        Explanation(
            index=index,
            score=0.0 if outcome.failure else rule.score(outcome.judgements),
            retrieval_score=finite(retrieval_score),
            judgements=outcome.judgements,
            failure=outcome.failure,
        )
        for index, (outcome, retrieval_score) in enumerate(zip(outcomes, retrieval_scores, strict=True))
        if not (drop and outcome.failure)
    ]
    return sorted(explained, key=lambda one: (one.failure is not None, -one.score, one.index))


def all_tokens(outcomes: Sequence[JudgedDocument]) -> int | None:
    """Of all that were judged; None where the judge does not say it of one."""
    counts = [outcome.n_tokens for outcome in outcomes if outcome.failure is None]
    return None if None in counts else sum(count for count in counts if count is not None)


def raise_first_failure(candidates: Sequence[Candidate], outcomes: Sequence[JudgedDocument]) -> None:
    """Raise the failure of the first document that has one.

    Raises:
        ModelError, DocumentError: by its code.
    """
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if outcome.failure is not None:
            kind = ModelError if outcome.failure.code in _MODEL_FAILURES else DocumentError
            name = repr(candidate.id[:80]) if isinstance(candidate, Document) else "''"
            message = outcome.failure.message
            raise kind(message if name in message else f"document {name}: {message}", code=outcome.failure.code)


def failure_warnings(outcomes: Sequence[JudgedDocument], *, drop: bool = False) -> list[str]:
    """One sentence that counts the failures by code; none where all went well."""
    codes = Counter(outcome.failure.code for outcome in outcomes if outcome.failure)
    if not codes:
        return []
    reasons = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
    where = "dropped" if drop else "placed last"
    return [f"{codes.total()} of {len(outcomes)} documents could not be judged and were {where}: {reasons}"]


def finite(score: object) -> float | None:
    """A Python float, or None for what is no number or one that JSON cannot hold.

    >>> finite(1), finite(float("inf")), finite("best"), finite(10**400)
    (1.0, None, None, None)
    """
    try:
        number = float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def with_evidence(
    judge: Any,
    places: Sequence[Explanation],
    candidates: Sequence[Candidate] | Mapping[int, Candidate],
    requirements: Sequence[Requirement],
) -> list[Explanation]:
    """The places, each with the evidence of its judgements; one that failed, or whose evidence fails, stays as it is.

    Raises:
        ConfigError: the judge shows no evidence.
    """
    if not callable(getattr(judge, "evidence", None)):
        raise ConfigError(f"{type(judge).__name__} shows no evidence; wanted a YofoJudge, or evidence=False")
    shown = []
    for place in places:
        document = candidates[place.index]
        try:
            found = judge.evidence(document, requirements) if place.failure is None else ()
        except YofoError as error:  # the judgements stand; where they come from is not known
            logger.warning("no evidence for document %r: %s", getattr(document, "id", "")[:80], error)
            found = ()
        shown.append(replace(place, evidence=tuple(found)))
    return shown


def shown_with_evidence(ranking: Ranking, judge: Any, top_k: int) -> Ranking:
    """The ranking, with the evidence of what a page shows of it: the first places of both orders.

    Raises:
        ConfigError: the judge shows no evidence.
    """
    shown = {id(place) for order in (ranking, sorted(ranking, key=lambda one: one.index)) for place in order[:top_k]}
    documents = {place.index: place.document for place in ranking}
    wanted = ranking.query.requirements
    places = [with_evidence(judge, [place], documents, wanted)[0] if id(place) in shown else place for place in ranking]
    return Ranking(places, query=ranking.query, warnings=ranking.warnings)  # type: ignore[arg-type]
