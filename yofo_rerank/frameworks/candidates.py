"""Ranking the candidates of a framework, some of which could not even become documents."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.requirements import Failure, Judgement, RankedDocument, Requirement
from yofo_rerank.reranker import RuleSpec, YofoReranker

logger = logging.getLogger(__name__)


class Explanation(BaseModel):
    """Why a candidate stands where it does.

    `index` is its position in the input, `score` is in 0..1, `retrieval_score` is what it came with. A candidate that
    could not be judged has score 0.0, no judgements and a `failure`.

    >>> Explanation(index=3, score=0.5).to_dict()
    {'index': 3, 'score': 0.5, 'retrieval_score': None, 'judgements': [], 'failure': None}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    score: float
    retrieval_score: float | None = None
    judgements: tuple[Judgement, ...] = ()
    failure: Failure | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `Explanation.model_validate` reads them back."""
        return self.model_dump(mode="json")


def rank_candidates(
    reranker: YofoReranker,
    query: str,
    candidates: Sequence[Document | DocumentError],
    *,
    requirements: Sequence[Requirement] | None = None,
    scoring: RuleSpec | None = None,
    retrieval_scores: Sequence[float | None] | None = None,
) -> list[Explanation]:
    """One explanation per candidate, best first, as `YofoReranker.rerank` orders documents.

    A candidate given as the error that kept it from becoming a document is treated like one that cannot be judged:
    by the reranker's `on_error` it raises, goes last with its reason, or is dropped.

    Raises:
        YofoError: as `YofoReranker.rerank`.
    """
    places = [place for place, candidate in enumerate(candidates) if isinstance(candidate, Document)]
    unreadable = {place: error for place, error in enumerate(candidates) if isinstance(error, DocumentError)}
    if unreadable and reranker.on_error == "raise":
        raise next(iter(unreadable.values()))
    documents = [candidate for candidate in candidates if isinstance(candidate, Document)]
    ranking = reranker.rerank(query, documents, requirements=requirements, scoring=scoring)
    scores = retrieval_scores or [None] * len(candidates)
    explained = [_explanation(ranked, places[ranked.index], scores[places[ranked.index]]) for ranked in ranking]
    if reranker.on_error == "last":
        explained += [
            Explanation(
                index=place,
                score=0.0,
                retrieval_score=_finite(scores[place]),
                failure=Failure(code=error.code, message=str(error)),
            )
            for place, error in unreadable.items()
        ]
    explained.sort(key=lambda one: (one.failure is not None, -one.score, one.index))
    _warn(explained, len(candidates))
    return explained


def _explanation(ranked: RankedDocument, place: int, retrieval_score: float | None) -> Explanation:
    return Explanation(
        index=place,
        score=ranked.score,
        retrieval_score=_finite(retrieval_score),
        judgements=ranked.judgements,
        failure=ranked.failure,
    )


def _finite(score: float | None) -> float | None:
    """A Python float, or None for what JSON cannot hold."""
    return None if score is None or not math.isfinite(score) else float(score)


def _warn(explained: Sequence[Explanation], n_candidates: int) -> None:
    codes = Counter(one.failure.code for one in explained if one.failure)
    n_dropped = n_candidates - len(explained)
    if codes:
        reasons = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
        message = "%d of %d candidates could not be judged and were placed last: %s"
        logger.warning(message, codes.total(), n_candidates, reasons)
    if n_dropped:
        logger.warning("%d of %d candidates could not be judged and were dropped", n_dropped, n_candidates)
