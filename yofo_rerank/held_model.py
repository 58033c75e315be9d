"""What a judge holds: settings, a model that is loaded when first needed, and kept verdicts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self, get_args

from yofo_rerank.advice import Advice
from yofo_rerank.documents import DocumentLike, as_documents
from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.judging import JudgeStats
from yofo_rerank.models.build import Budget, Source, shared_slot_model, source_format
from yofo_rerank.models.config import Calibration
from yofo_rerank.models.forks import check_not_forked
from yofo_rerank.models.recall import recall
from yofo_rerank.models.verdicts.source import SourceVerdicts
from yofo_rerank.progress import Progress, counting
from yofo_rerank.prompts.format import Attention
from yofo_rerank.requirements import Requirement

if TYPE_CHECKING:
    from yofo_rerank.models.recall import Answers
    from yofo_rerank.models.slot_model import SlotModel

logger = logging.getLogger(__name__)


class Found(NamedTuple):
    """What the model says of each document to each list of requirements."""

    answers: list[Answers]
    n_tokens: list[list[int | None]]  # that it takes; None where the model was not needed, or cannot read a document
    calibration: Calibration


class HeldModel:
    """Everything of a judge but its questions: a model, loaded once and shared with equal judges, and counters."""

    def __init__(
        self,
        source: Source | None,
        budget: Budget,
        slot_model: SlotModel | None = None,
        *,
        attention: Attention | None = None,
        verdicts: bool | SourceVerdicts = True,
    ) -> None:
        if attention not in (None, *get_args(Attention)):
            raise ConfigError(f"attention must be one of {', '.join(get_args(Attention))}, but got {attention!r}")
        self._source = source  # None: from components
        self._budget = budget
        self._attention = attention  # None: as the prompt format says
        self._verdicts = verdicts  # kept on disk, in memory, or not at all
        self._loaded = slot_model
        self._advice = Advice(source.name if source else None)

    def vocabulary_warnings(self, texts: Sequence[str]) -> list[str]:
        """What a user should know before trusting the answers: words that the embedded model never saw."""
        return self._advice.vocabulary(texts)

    def identity(self) -> dict[str, str | None]:
        """Which judge this is, as its answers depend on it; no model is loaded for it.

        Raises:
            ModelError: not found. AdapterMismatch: a prompt format that does not fit.
        """
        source = self._source
        layout = source_format(source) if source else self._slot_model().layout
        return {
            "model": source.name if source else None,
            "adapter": source.adapter if source else None,
            "revision": source.revision if source else None,
            "format": layout.name,
            "attention": self._attention or layout.attention,
        }

    @property
    def stats(self) -> JudgeStats:
        """Forward passes and cache counters so far; all zero before the model is loaded."""
        check_not_forked()
        on_disk = self._verdicts.hits_and_misses if isinstance(self._verdicts, SourceVerdicts) else None
        if self._loaded is None:
            return JudgeStats(verdict_hits=on_disk[0], verdict_misses=on_disk[1]) if on_disk else JudgeStats()
        cache, kept = self._loaded.cache.stats, self._loaded.verdicts.stats
        hits, misses = on_disk or (kept.hits, kept.misses)
        passes = self._loaded.network.passes
        return JudgeStats(passes, cache.hits, cache.misses, cache.evictions, cache.entries, cache.bytes, hits, misses)

    def unload(self) -> None:
        """Let the model go; the next judgement loads it again.

        Raises:
            ModelError: the judge was built from components, which only their owner can let go.
        """
        if self._source is None:
            raise ModelError("a judge built from components cannot unload them; wanted one made by from_pretrained")
        self._loaded = None

    def _slot_model(self) -> SlotModel:
        check_not_forked()
        model = self._loaded
        if model is None:
            model = shared_slot_model(self._source, self._budget)  # type: ignore[arg-type]
            if isinstance(self._verdicts, SourceVerdicts):
                self._verdicts.check(loaded=True)  # its files may have changed since they were looked at
            self._loaded = model
        return model

    def _answers(
        self, documents: Sequence[DocumentLike], lists: Sequence[tuple[Requirement, ...]], progress: Progress
    ) -> Found:
        """The answers, and what turns them into probabilities; from disk, if all are there, without the model."""
        checked = as_documents(documents)
        asked = [[requirement.text for requirement in requirements] for requirements in lists]
        for warning in self.vocabulary_warnings([text for texts in asked for text in texts]):
            logger.warning(warning)
        if not checked:
            return Found([], [], Calibration())
        verdicts = self._verdicts
        if isinstance(verdicts, SourceVerdicts) and self._loaded is None:
            known = recall(checked, asked, verdicts)
            if known is not None:
                with counting(progress) as tick:
                    if tick is not None:
                        tick(len(checked), len(checked))
                return Found(known[0], [[None] * len(lists)] * len(checked), known[1])
        self._advice.look_at_pictures(checked)
        model = self._slot_model()
        from yofo_rerank.models.answering import answer

        in_memory = model.verdicts if verdicts and self._budget.cache_bytes != 0 else None
        keep = verdicts.open().verdicts if isinstance(verdicts, SourceVerdicts) else in_memory
        with counting(progress) as tick:
            found = answer(model, checked, asked, self._attention, verdicts=keep, tick=tick)
        return Found(*found, model.calibration)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # weights and cache are shared, not copied
        return type(self)(self._source, self._budget, self._loaded, attention=self._attention, verdicts=self._verdicts)

    def __getstate__(self) -> dict[str, Any]:
        if self._source is None:
            raise TypeError("a judge built from components cannot be pickled; wanted one made by from_pretrained")
        return self.__dict__ | {"_loaded": None}  # the copy loads for itself

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source or 'from components'})"
