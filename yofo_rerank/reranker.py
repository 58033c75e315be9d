"""YofoReranker: decomposer + judge + rule; (query, documents) -> ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, get_args

from yofo_rerank.decompose import Decomposer, FixedDecomposer, decompose, get_decomposer
from yofo_rerank.documents import Document
from yofo_rerank.errors import ConfigError, DecomposeError, DocumentError
from yofo_rerank.judge import YofoJudge, check_documents, check_requirements
from yofo_rerank.progress import Progress
from yofo_rerank.ranking import Candidate, explain_outcomes, failure_warnings, raise_first_failure, unreadable
from yofo_rerank.requirements import (
    DecomposedQuery,
    Explanation,
    JudgedDocument,
    RankedDocument,
    Ranking,
    Requirement,
)
from yofo_rerank.scoring import ScoringRule, get_rule

OnError = Literal["raise", "last", "drop"]
RuleSpec = str | Mapping[str, Any] | ScoringRule

DEFAULT_RULE = "weighted"


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


class Explained(NamedTuple):
    """The query as it was understood, one explanation per place, best first, and what went wrong in one sentence."""

    query: DecomposedQuery
    places: list[Explanation]
    warnings: list[str]


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
        progress: Progress = False,
    ) -> Ranking:
        """Best first, in new objects; equal scores keep the order of the input.

        Args:
            query: in the user's words.
            documents: documents, or hits of a retriever, whose scores are kept as `retrieval_score`.
            top_k: places to return; None = all.
            requirements: skip decomposition.
            retrieval_scores: one per document; goes before the hits' own.
            scoring: for this call; goes before the reranker's own and the decomposer's.
            progress: True shows a bar on stderr; or a function of (judged so far, all documents).

        Raises:
            DecomposeError, RequirementError, RuleError: before any model work.
            DocumentError: something that is no document, or one id for two different documents.
            ModelError: the model cannot be loaded.
        """
        check_top_k(top_k)
        candidates, scores = split_hits(documents, retrieval_scores)
        explained = self.explain(
            query,
            candidates,
            requirements=requirements,
            retrieval_scores=scores,
            scoring=scoring,
            progress=progress,
        )
        return self._ranking(explained, candidates, top_k)

    def rerank_many(
        self,
        queries: Sequence[str],
        documents: Sequence[Document | Hit],
        *,
        top_k: int | None = None,
        scoring: RuleSpec | None = None,
        progress: Progress = False,
    ) -> list[Ranking]:
        """As `rerank` for every query over the same documents, each of which is encoded once.

        >>> YofoReranker(YofoJudge.from_pretrained("mini")).rerank_many([], [])
        []
        """
        if isinstance(queries, str):
            raise DecomposeError(f"queries must be a list, but got the text {queries!r:.80}")
        check_top_k(top_k)
        candidates, scores = split_hits(documents)
        understood = [self._understand(query, None, scoring) for query in queries]
        asked = [decomposed.requirements for decomposed, _ in understood]
        if candidates and asked:
            found = self.judge.judge_many(candidates, asked, **_watched(progress))
        else:
            found = [[] for _ in asked]
        return [
            self._ranking(self._explained(one, candidates, outcomes, scores), candidates, top_k)
            for one, outcomes in zip(understood, found, strict=True)
        ]

    def explain(
        self,
        query: str,
        candidates: Sequence[Candidate],
        *,
        requirements: Sequence[str | Requirement] | None = None,
        retrieval_scores: Sequence[object] | None = None,
        scoring: RuleSpec | None = None,
        progress: Progress = False,
    ) -> Explained:
        """As `rerank`, without the documents, for callers with candidates of their own kind.

        A candidate given as the error that kept it from becoming a document counts as one that cannot be judged.

        Raises:
            YofoError: as `rerank`.
        """
        if self.on_error == "raise":
            for error in candidates:
                if isinstance(error, DocumentError):
                    raise error
        understood = self._understand(query, requirements, scoring)
        documents = [candidate for candidate in candidates if isinstance(candidate, Document)]
        wanted = understood[0].requirements
        judged = iter(self.judge.judge_outcomes(documents, wanted, **_watched(progress)) if documents else ())
        outcomes = [next(judged) if isinstance(one, Document) else unreadable(one) for one in candidates]
        return self._explained(understood, candidates, outcomes, retrieval_scores or [None] * len(outcomes))

    def _understand(
        self, query: str, requirements: Sequence[str | Requirement] | None, scoring: RuleSpec | None
    ) -> tuple[DecomposedQuery, ScoringRule]:
        """The requirements, and the rule they are scored by."""
        if requirements is None:
            decomposed = decompose(query, self.decomposer)
        else:
            decomposed = FixedDecomposer(check_requirements(requirements)).decompose(query)
        rule = get_rule(scoring or self.scoring or decomposed.scoring or DEFAULT_RULE)
        rule.check(decomposed.requirements)
        return decomposed, rule

    def _explained(
        self,
        understood: tuple[DecomposedQuery, ScoringRule],
        candidates: Sequence[Candidate],
        outcomes: Sequence[JudgedDocument],
        retrieval_scores: Sequence[object],
    ) -> Explained:
        decomposed, rule = understood
        if self.on_error == "raise":
            raise_first_failure(candidates, outcomes)
        drop = self.on_error == "drop"
        return Explained(
            decomposed,
            explain_outcomes(outcomes, rule, retrieval_scores, drop=drop),
            failure_warnings(outcomes, drop=drop),
        )

    def _ranking(self, explained: Explained, documents: Sequence[Document], top_k: int | None) -> Ranking:
        texts = [requirement.text for requirement in explained.query.requirements]
        warnings = [*explained.query.warnings, *self.judge.vocabulary_warnings(texts), *explained.warnings]
        places = (RankedDocument(document=documents[one.index], **vars(one)) for one in explained.places[:top_k])
        return Ranking(places, query=explained.query, warnings=warnings)


def _watched(progress: Progress) -> dict[str, Any]:
    """`progress` where somebody looks: any judge will do that has `judge_outcomes` and `vocabulary_warnings`."""
    return {"progress": progress} if progress else {}


def check_top_k(top_k: int | None) -> None:
    """ConfigError for what is neither None nor a whole number of at least 1."""
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise ConfigError(f"top_k must be None or a whole number of at least 1, but got {top_k!r}")


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
