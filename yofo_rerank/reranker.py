"""YofoReranker: decomposer + judge + rule; (query, documents) -> ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, get_args

from yofo_rerank.decompose import Decomposer, FixedDecomposer, decompose, get_decomposer
from yofo_rerank.documents import Document
from yofo_rerank.errors import ConfigError, DocumentError, ModelError
from yofo_rerank.judge import YofoJudge, check_documents, check_requirements
from yofo_rerank.requirements import JudgedDocument, RankedDocument, Ranking, Requirement
from yofo_rerank.scoring import ScoringRule, get_rule

OnError = Literal["raise", "last", "drop"]
RuleSpec = str | Mapping[str, Any] | ScoringRule

DEFAULT_RULE = "weighted"
_MODEL_FAILURES = ("nan", "oom")


class Hit(Protocol):
    """What a first stage returns: a document with its score."""

    @property
    def document(self) -> Document:
        """The candidate."""
        ...

    @property
    def score(self) -> float:
        """The first stage's own score."""
        ...


class YofoReranker:
    """Orders documents by how well they meet the requirements of a query, and keeps the reasons.

    >>> from yofo_rerank import Document, YofoJudge, YofoReranker
    >>> reranker = YofoReranker(YofoJudge.from_pretrained("mini"))
    >>> ranked = reranker.rerank("a blue hooded top", [Document(text="blue hoodie")])  # doctest: +SKIP
    >>> ranked[0].score, [judgement.verdict for judgement in ranked[0].judgements]  # doctest: +SKIP
    (0.97, [True, True])

    Args:
        judge: answers the requirements.
        decomposer: name, settings or object of `yofo_rerank.decompose`.
        scoring: name, settings or object of `yofo_rerank.scoring`; None = the decomposer's choice, else "weighted".
        on_error: a document that cannot be judged raises, goes last with its reason, or is dropped with a warning.
    """

    def __init__(
        self,
        judge: YofoJudge,
        decomposer: str | Decomposer = "rules",
        scoring: RuleSpec | None = None,
        *,
        on_error: OnError = "last",
    ) -> None:
        if on_error not in get_args(OnError):
            raise ConfigError(f"on_error must be one of {', '.join(get_args(OnError))}, but got {on_error!r}")
        self.judge = judge
        self.decomposer = get_decomposer(decomposer)
        self.scoring = None if scoring is None else get_rule(scoring)
        self.on_error = on_error

    def rerank(
        self,
        query: str,
        documents: Sequence[Document | Hit],
        *,
        top_k: int | None = None,
        requirements: Sequence[str | Requirement] | None = None,
        retrieval_scores: Sequence[float] | None = None,
        scoring: RuleSpec | None = None,
    ) -> Ranking:
        """Best first, in new objects; equal scores keep the order of the input.

        Args:
            query: in the user's words.
            documents: documents, or hits of a retriever, whose scores are kept as `retrieval_score`.
            top_k: places to return; None = all.
            requirements: skip decomposition.
            retrieval_scores: one per document; goes before the hits' own.
            scoring: for this call; goes before the reranker's own and the decomposer's.

        Raises:
            DecomposeError, RequirementError, RuleError: before any model work.
            DocumentError: something that is no document, or one id for two different documents.
            ModelError: the model cannot be loaded.
        """
        if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
            raise ConfigError(f"top_k must be None or a whole number of at least 1, but got {top_k!r}")
        candidates, scores = split_hits(documents, retrieval_scores)
        if requirements is None:
            decomposed = decompose(query, self.decomposer)
        else:
            decomposed = FixedDecomposer(check_requirements(requirements)).decompose(query)
        rule = get_rule(scoring or self.scoring or decomposed.scoring or DEFAULT_RULE)
        rule.check(decomposed.requirements)
        outcomes = self.judge.judge_outcomes(candidates, decomposed.requirements) if candidates else []
        if self.on_error == "raise":
            _raise_first_failure(candidates, outcomes)
        ranked = [
            RankedDocument(
                document=document,
                index=index,
                score=0.0 if outcome.failure else rule.score(outcome.judgements),
                retrieval_score=score,
                judgements=outcome.judgements,
                failure=outcome.failure,
            )
            for index, (document, score, outcome) in enumerate(zip(candidates, scores, outcomes, strict=True))
            if self.on_error != "drop" or not outcome.failure
        ]
        ranked.sort(key=lambda place: (place.failure is not None, -place.score, place.index))
        warnings = [
            *decomposed.warnings,
            *self.judge.vocabulary_warnings([requirement.text for requirement in decomposed.requirements]),
            *_failure_warnings(outcomes, self.on_error),
        ]
        return Ranking(ranked[:top_k], query=decomposed, warnings=warnings)


def split_hits(
    documents: Sequence[Document | Hit], retrieval_scores: Sequence[float] | None = None
) -> tuple[list[Document], list[float | None]]:
    """Documents, and the first stage's scores where it gave some.

    Raises:
        DocumentError: something that is no document, one id for two different documents, a wrong number of scores.
    """
    if isinstance(documents, Document):
        raise DocumentError("documents must be a list, but got a single Document")
    items = list(documents)
    candidates = check_documents([item if isinstance(item, Document) else _candidate(item) for item in items])
    _check_ids(candidates)
    if retrieval_scores is None:
        return candidates, [None if isinstance(item, Document) else float(item.score) for item in items]
    if len(retrieval_scores) != len(items):
        raise DocumentError(f"got {len(retrieval_scores)} retrieval scores for {len(items)} documents")
    return candidates, [float(score) for score in retrieval_scores]


def _candidate(hit: Any) -> Document:
    return getattr(hit, "document", hit)


def _check_ids(documents: Sequence[Document]) -> None:
    """The same document twice is fine; one id for two different ones would make results ambiguous."""
    known: dict[str, Document] = {}
    for document in documents:
        first = known.setdefault(document.id, document)
        if first is not document and (first.image, first.text) != (document.image, document.text):
            raise DocumentError(f"two different documents have the id {document.id!r}", code="duplicate_id")


def _raise_first_failure(documents: Sequence[Document], outcomes: Sequence[JudgedDocument]) -> None:
    for document, outcome in zip(documents, outcomes, strict=True):
        if outcome.failure is not None:
            kind = ModelError if outcome.failure.code in _MODEL_FAILURES else DocumentError
            raise kind(f"document {document.id[:80]!r}: {outcome.failure.message}", code=outcome.failure.code)


def _failure_warnings(outcomes: Sequence[JudgedDocument], on_error: str) -> list[str]:
    codes = Counter(outcome.failure.code for outcome in outcomes if outcome.failure)
    if not codes:
        return []
    reasons = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
    where = "dropped" if on_error == "drop" else "placed last"
    return [f"{codes.total()} of {len(outcomes)} documents could not be judged and were {where}: {reasons}"]
