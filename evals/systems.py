"""Whatever ranks documents, behind one face: ours, or a baseline by its name; what fails is named, never scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evals.baselines.counting import DOCUMENT_ERRORS, score_counting
from evals.baselines.presence import MissingBaseline, absence, open_baseline
from evals.baselines.record import Scorer
from evals.baselines.registry import baselines
from evals.baselines.scores import Checked
from evals.failures import reason_of
from evals.opening import open_judge
from yofo_rerank import Document, YofoReranker
from yofo_rerank.errors import (
    ConfigError,
    DecomposeError,
    ModelError,
    RequirementError,
    RuleError,
    YofoError,
)
from yofo_rerank.models.sources import local_folder
from yofo_rerank.prompts.format import Attention

OURS = "yofo"


class MissingModel(YofoError, RuntimeError):
    """A contestant's extra or checkpoint is absent; says what is wanted, from where and under which licence."""

    default_code = "missing_model"


class Scored(NamedTuple):
    """What became of one document: a score, or the reason why there is none."""

    score: float | None
    failure: str | None = None


@dataclass(frozen=True)
class System:
    """A contestant that was opened: `reranker` if it is ours, else `scorer`; `about` goes into records."""

    name: str
    about: dict[str, Any] = field(default_factory=dict)
    reranker: YofoReranker | None = None
    scorer: Scorer | None = None

    @property
    def licence(self) -> str:
        """Of its weights, for tables; those of ours are named by whoever made them."""
        return str(self.about.get("licence") or "-")

    @property
    def judge(self) -> Any:
        """What answers requirements, or None where there are only scores: ours, or the `verdict_judge` of a scorer."""
        if self.reranker:
            return self.reranker.judge
        inner = self.scorer.scorer if isinstance(self.scorer, Checked) else self.scorer
        return getattr(inner, "verdict_judge", None)

    def score(
        self,
        query: str,
        documents: Sequence[Document],
        *,
        requirements: Sequence[str] | None = None,
        scoring: Any = None,
    ) -> list[Scored]:
        """One outcome per document, in the order given; `requirements` and `scoring` are heeded by ours alone."""
        if self.reranker:
            return _reranked(self.reranker, query, documents, requirements, scoring)
        if self.scorer is None:
            raise ConfigError(f"{self.name} has neither a reranker nor a scorer")
        return _counted(self.scorer, query, documents)


def open_system(
    name: str,
    source: str | None = None,
    *,
    adapter: str | None = None,
    device: str | None = None,
    rule: str = "weighted",
    attention: Attention | None = None,
) -> System:
    """A contestant by name: "yofo" (ours; `source` is "mini", a folder or a hub id), or a baseline.

    Raises:
        ConfigError: an unknown name; names the known ones.
        MissingModel: its extra or checkpoint is not there.
        ModelError: it is there, and cannot be used.
    """
    if name == OURS:
        return _open_ours(source or "mini", adapter, device, rule, attention)
    known = baselines()
    if name not in known:
        raise ConfigError(f"unknown model {name!r}; known are {', '.join([OURS, *known])}")
    record = known[name]
    try:
        return System(name, record.to_dict() | {"source": source}, scorer=open_baseline(record, source, device=device))
    except MissingBaseline as error:
        raise MissingModel(str(error)) from error


def _open_ours(model: str, adapter: str | None, device: str | None, rule: str, attention: Attention | None) -> System:
    try:
        judge = open_judge(model, adapter, device=device, attention=attention)
        about = judge.info()
    except (ImportError, OSError, ModelError) as error:
        if absence(error) is None and all(map(_is_found, (model, adapter))):
            raise  # it is there, and broken
        raise MissingModel(f"{OURS} cannot be loaded from {model!r}: {error}") from error
    licence = "Apache-2.0" if model == "mini" and adapter is None else None
    about = {"source": model, "adapter": adapter, "rule": rule, "licence": licence} | about
    return System(OURS, about, reranker=YofoReranker(judge, scoring=rule))


def _is_found(name: str | None) -> bool:
    """Whether it is no path, or the path of a folder."""
    try:
        local_folder(name or "mini")
    except ModelError:
        return False
    return True


def _counted(scorer: Scorer, query: str, documents: Sequence[Document]) -> list[Scored]:
    """Reasons are kinds of errors, which can be counted; what each said of which document is not kept."""
    counted = score_counting(scorer, query, documents)
    return [
        Scored(score, None if score is not None else counted.reasons[place].partition(":")[0])
        for place, score in enumerate(counted.scores)
    ]


def _reranked(
    reranker: YofoReranker, query: str, documents: Sequence[Document], requirements: Any, scoring: Any
) -> list[Scored]:
    """An error that nobody foresaw is counted, as of any other contestant, and costs no other document."""
    scored = [Scored(None, "dropped")] * len(documents)
    try:
        ranking = reranker.rerank(query, documents, requirements=requirements, scoring=scoring)
    except (DecomposeError, RequirementError, RuleError) as error:  # the query itself cannot be asked
        return [Scored(None, error.code)] * len(documents)
    except DOCUMENT_ERRORS as error:
        if isinstance(error, YofoError):  # of the judge: what it finds wrong with a document it does not raise
            raise
        if len(documents) == 1:
            return [Scored(None, reason_of(error))]
        return [one for alone in documents for one in _reranked(reranker, query, [alone], requirements, scoring)]
    for place in ranking:
        scored[place.index] = Scored(None, place.failure.code) if place.failure else Scored(place.score)
    return scored
