"""Floors: no reranking, and random order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from evals.baselines.record import Baseline
from yofo_rerank.content import default_id
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError

RETRIEVAL_SCORE = "retrieval_score"  # in a document's metadata
SEED = 0


@dataclass(frozen=True)
class FirstStage:
    """The order that the documents come in, or the first stage's own scores where all of them carry one."""

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:  # noqa: ARG002  # the protocol's
        """`metadata["retrieval_score"]`, else minus the place.

        >>> FirstStage().score("grey", [Document(text="a"), Document(text="b")])
        [0.0, -1.0]

        Raises:
            DocumentError: some documents carry a score and others do not: the two do not mix.
        """
        carrying = [RETRIEVAL_SCORE in document.metadata for document in documents]
        if all(carrying):
            return [float(document.metadata[RETRIEVAL_SCORE]) for document in documents]
        if any(carrying):
            raise DocumentError(f"{sum(carrying)} of {len(carrying)} documents carry a {RETRIEVAL_SCORE}; wanted all")
        return [float(-place) for place in range(len(documents))]


@dataclass(frozen=True)
class Random:
    """A number in 0..1 that depends on seed, query and content alone: not on order or batch."""

    seed: int = SEED

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """The same number for the same pair, in every process."""
        return [self._number(query, document) for document in documents]

    def _number(self, query: str, document: Document) -> float:
        said = f"{self.seed}\0{query}\0{default_id(document.images, document.text)}"
        return int.from_bytes(hashlib.sha256(said.encode()).digest()[:6], "big") / 2**48


def open_first_stage(record: Baseline, source: str | None, *, device: str | None = None) -> FirstStage:  # noqa: ARG001
    """No reranking."""
    return FirstStage()


def open_random(record: Baseline, source: str | None, *, device: str | None = None) -> Random:  # noqa: ARG001
    """Random order; a source is taken for the seed."""
    return Random(int(source) if source else SEED)


RECORDS: tuple[Baseline, ...] = (
    Baseline("no-reranking", "floor", "evals.baselines.floors:open_first_stage", licence="none", state="trained"),
    Baseline("random", "floor", "evals.baselines.floors:open_random", licence="none", state="trained"),
)
