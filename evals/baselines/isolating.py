"""The same backbone and weights asked in other ways, which isolates the idea."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.baselines.record import Baseline
from yofo_rerank import YofoJudge, YofoReranker
from yofo_rerank.documents import Document
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.requirements import JudgedDocument, Requirement

if TYPE_CHECKING:
    from evals.baselines.generated import GeneratingJudge

_HERE = "evals.baselines.isolating"
_OURS = "Apache-2.0"
RECORDS: tuple[Baseline, ...] = (
    Baseline("one-per-pass", "verdicts", f"{_HERE}:load_each", "mini", licence=_OURS, state="trained"),
    Baseline("whole-query", "reranker", f"{_HERE}:load_whole", "mini", licence=_OURS, state="trained"),
    Baseline(
        "generated-verdicts", "verdicts", f"{_HERE}:load_generated", "mini", licence=_OURS,
        unverified="our own prompt: no published model was trained to answer so; mini was not trained to write",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class EachAlone:
    """A judge that asks one requirement per pass, and reads the document anew for each.

    It keeps neither states nor verdicts, so make it of a judge that does not either.
    """

    judge: YofoJudge

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[str | Requirement]
    ) -> list[JudgedDocument]:
        """Judgements of every document; a failure where any requirement of it fails."""
        columns = [self.judge.judge_outcomes(documents, [one]) for one in check_requirements(requirements)]
        return [_join(row) for row in zip(*columns, strict=True)]

    def info(self) -> dict[str, object]:
        """What is judged with."""
        return self.judge.info() | {"asked": "one requirement per pass"}


@dataclass(frozen=True, eq=False)
class VerdictScorer:
    """A judge's verdicts of the decomposed query, put together by the library's own rule."""

    judge: Judge
    discrete: bool = False  # verdicts without a probability: ties are an answer

    @property
    def verdict_judge(self) -> Judge:
        """What answers statements."""
        return self.judge

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """In 0..1, one per document.

        Raises:
            DocumentError: a document cannot be judged, for what reason ever.
        """
        reranker = YofoReranker(self.judge, on_error="raise")
        places = reranker.explain(query, documents).places if documents else []
        scores = {place.index: place.score for place in places}
        return [scores[index] for index in range(len(documents))]


@dataclass(frozen=True, eq=False)
class WholeQuery:
    """The query as one yes/no question (VQAScore, arXiv 2404.01291): P(yes)."""

    judge: YofoJudge

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """In 0..1, one per document; errors as `YofoJudge.judge`."""
        return [judgements[0].p_yes for judgements in self.judge.judge(documents, [query])] if documents else []


def open_judge(source: str, device: str | None = None) -> YofoJudge:
    """A judge that remembers nothing: "mini", a hub id, a folder with a model, or one with an adapter."""
    from evals.baselines.slot_model import base_of_adapter

    base = base_of_adapter(source)
    adapter = source if base else None
    return YofoJudge.from_pretrained(base or source, adapter, device=device, cache_bytes=0, verdicts=False)


def load_each(_: Baseline, source: str, *, device: str | None = None) -> VerdictScorer:
    """One requirement per pass."""
    return VerdictScorer(EachAlone(open_judge(source, device)))


def load_whole(_: Baseline, source: str, *, device: str | None = None) -> WholeQuery:
    """The whole query at once."""
    return WholeQuery(open_judge(source, device))


def load_generated(_: Baseline, source: str, *, device: str | None = None) -> VerdictScorer:
    """Verdicts as JSON."""
    return VerdictScorer(open_generating_judge(source, device), discrete=True)


def open_generating_judge(source: str, device: str | None = None) -> GeneratingJudge:
    """A judge that writes, with the weights of `open_judge`."""
    from evals.baselines.generated import GeneratingJudge
    from evals.baselines.slot_model import base_of_adapter
    from yofo_rerank.models.build import Budget, Source, shared_slot_model

    base = base_of_adapter(source)
    named = Source(base or source, adapter=source if base else None, device=device)
    return GeneratingJudge(shared_slot_model(named, Budget(cache_bytes=0)))


def _join(row: Sequence[JudgedDocument]) -> JudgedDocument:
    failures = [one for one in row if one.failure is not None]
    return failures[0] if failures else JudgedDocument(tuple(one.judgements[0] for one in row))
