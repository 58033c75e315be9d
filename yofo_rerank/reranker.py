"""YofoReranker: decomposer + judge + rule; (query, documents) -> ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from yofo_rerank import cross_encoder
from yofo_rerank.candidates import Candidate, Hit, split_hits
from yofo_rerank.decompose import Decomposer, FixedDecomposer, decompose, get_decomposer
from yofo_rerank.documents import Document, DocumentLike
from yofo_rerank.errors import ConfigError, DecomposeError, DocumentError
from yofo_rerank.judging import Judge, check_requirements, unjudged
from yofo_rerank.progress import Progress, watched
from yofo_rerank.ranking import all_tokens, explain_outcomes, failure_warnings, raise_first_failure, with_evidence
from yofo_rerank.requirements import (
    DecomposedQuery,
    Explanation,
    JudgedDocument,
    RankedDocument,
    Ranking,
    Requirement,
)
from yofo_rerank.scoring import ScoringRule, get_rule

if TYPE_CHECKING:
    import numpy as np

OnError = Literal["raise", "last", "drop"]
RuleSpec = str | Mapping[str, Any] | ScoringRule

DEFAULT_RULE = "weighted"


class Explained(NamedTuple):
    """The query as it was understood, one explanation per place, best first, and what went wrong in one sentence.

    `n_tokens` is the sum over the documents that were judged; None where the judge does not say.
    """

    query: DecomposedQuery
    places: list[Explanation]
    warnings: list[str]
    n_tokens: int | None = None


class YofoReranker:
    """Orders documents by how well they meet the requirements of a query, and keeps the reasons.

    >>> from yofo_rerank import Document, YofoJudge, YofoReranker
    >>> reranker = YofoReranker(YofoJudge.from_pretrained("mini"))
    >>> ranked = reranker.rerank("a blue hooded top", [Document(text="blue hoodie")])  # doctest: +SKIP
    >>> ranked[0].score, [judgement.verdict for judgement in ranked[0].judgements]  # doctest: +SKIP
    (0.97, [True, True])

    Args:
        judge: answers the requirements: a `YofoJudge`, or any other `yofo_rerank.judging.Judge`.
        decomposer: name, settings or object of `yofo_rerank.decompose`.
        scoring: name, settings or object of `yofo_rerank.scoring`; None = the decomposer's choice, else "weighted".
        on_error: a document that cannot be judged raises, goes last with its reason, or is dropped with a warning.
    """

    def __init__(
        self,
        judge: Judge,
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
        documents: Sequence[DocumentLike | Hit],
        *,
        top_k: int | None = None,
        requirements: Sequence[str | Requirement] | None = None,
        retrieval_scores: Sequence[float] | None = None,
        scoring: RuleSpec | None = None,
        evidence: bool = False,
        progress: Progress = False,
    ) -> Ranking:
        """Best first, in new objects; equal scores keep the order of the input.

        Args:
            query: in the user's words.
            documents: documents, texts, images in any form (see `as_document`), or hits of a retriever, whose scores
                are kept as `retrieval_score`.
            top_k: places to return; None = all.
            requirements: skip decomposition.
            retrieval_scores: one per document; goes before the hits' own.
            scoring: for this call; goes before the reranker's own and the decomposer's.
            evidence: also show where each answer comes from, for the places returned; some more reads of each.
            progress: True shows a bar on stderr; or a function of (judged so far, all documents).

        Raises:
            ConfigError: evidence of a judge that shows none.
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
        if evidence:
            wanted, places = explained.query.requirements, explained.places[:top_k]
            explained = explained._replace(places=with_evidence(self.judge, places, candidates, wanted))
        return self._ranking(explained, candidates, top_k)

    def rerank_many(
        self,
        queries: Sequence[str],
        documents: Sequence[DocumentLike | Hit],
        *,
        top_k: int | None = None,
        scoring: RuleSpec | None = None,
        progress: Progress = False,
    ) -> list[Ranking]:
        """As `rerank` for every query over the same documents, each of which is encoded once.

        >>> from yofo_rerank import YofoJudge
        >>> YofoReranker(YofoJudge.from_pretrained("mini")).rerank_many([], [])
        []
        """
        if isinstance(queries, str):
            raise DecomposeError(f"queries must be a list, but got the text {queries!r:.80}")
        check_top_k(top_k)
        candidates, scores = split_hits(documents)
        understood = [self._understand(query, None, scoring) for query in queries]
        asked = [decomposed.requirements for decomposed, _ in understood]
        found = self._judge_many(candidates, asked, progress) if candidates and asked else [[] for _ in asked]
        return [
            self._ranking(self._explained(one, candidates, outcomes, scores), candidates, top_k)
            for one, outcomes in zip(understood, found, strict=True)
        ]

    def rank(
        self,
        query: str,
        documents: Sequence[DocumentLike],
        top_k: int | None = None,
        return_documents: bool = False,
        *,
        batch_size: int | None = None,  # noqa: ARG002  # a script for sentence-transformers may give one
        show_progress_bar: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """As `CrossEncoder.rank` of sentence-transformers, so that a script changes one line.

        >>> from yofo_rerank import YofoJudge
        >>> reranker = YofoReranker(YofoJudge.from_pretrained("mini"))
        >>> reranker.rank("a pink skirt", ["a green dress", "a pink skirt"], top_k=1)  # doctest: +SKIP
        [{'corpus_id': 1, 'score': 0.98}]

        Args:
            query: in the user's words.
            documents: texts, images or documents.
            top_k: places to return; None = all.
            return_documents: give each as it came, under "text".
            batch_size: without effect; a judge cuts its batches by tokens (`max_batch_tokens`).
            show_progress_bar: as `progress` of `rerank`.

        Returns:
            A dict with `corpus_id`, the place in `documents`, and `score` in 0..1 for each, best first. What cannot be
            judged has score 0.0 and comes last, is left out, or raises, by `on_error`; warnings are logged.

        Raises:
            YofoError: as `rerank`.
        """
        check_top_k(top_k)
        return cross_encoder.rank(
            self, query, documents, top_k=top_k, return_documents=return_documents, progress=show_progress_bar or False
        )

    def predict(
        self,
        pairs: Sequence[Any],
        *,
        batch_size: int | None = None,  # noqa: ARG002  # as in `rank`
        show_progress_bar: Progress | None = None,
    ) -> np.ndarray:
        """As `CrossEncoder.predict` of sentence-transformers: a score for each (query, document), in their order.

        Pairs with one query are judged together. What cannot be judged has score 0.0 with `on_error="last"`, NaN with
        "drop", and raises with "raise"; warnings are logged.

        >>> from yofo_rerank import YofoJudge
        >>> YofoReranker(YofoJudge.from_pretrained("mini")).predict([]).shape
        (0,)

        Raises:
            ConfigError: something that is no pair. Everything else as `rerank`.
        """
        return cross_encoder.predict(self, pairs, progress=show_progress_bar or False)

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
        ask = self.judge.judge_outcomes
        judged = iter(ask(documents, wanted, **watched(ask, progress)) if documents else ())
        outcomes = [next(judged) if isinstance(one, Document) else unjudged(one) for one in candidates]
        return self._explained(understood, candidates, outcomes, retrieval_scores or [None] * len(outcomes))

    def _judge_many(
        self, documents: Sequence[Document], lists: Sequence[Sequence[Requirement]], progress: Progress
    ) -> list[list[JudgedDocument]]:
        many = getattr(self.judge, "judge_many", None)
        if many is None:
            ask = self.judge.judge_outcomes
            return [ask(documents, asked, **watched(ask, progress)) for asked in lists]
        return many(documents, lists, **watched(many, progress))

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
            all_tokens(outcomes),
        )

    def _ranking(self, explained: Explained, documents: Sequence[Document], top_k: int | None) -> Ranking:
        texts = [requirement.text for requirement in explained.query.requirements]
        warnings_of = getattr(self.judge, "vocabulary_warnings", None)
        own = warnings_of(texts) if warnings_of else []
        warnings = [*explained.query.warnings, *own, *explained.warnings]
        places = (RankedDocument(document=documents[one.index], **vars(one)) for one in explained.places[:top_k])
        return Ranking(places, query=explained.query, warnings=warnings)


def check_top_k(top_k: int | None) -> None:
    """ConfigError for what is neither None nor a whole number of at least 1."""
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise ConfigError(f"top_k must be None or a whole number of at least 1, but got {top_k!r}")
