"""What a baseline is: a frozen record that says what it reads and who may use it, and a scorer that it loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

from yofo_rerank.documents import Document

Kind = Literal["embedder", "reranker", "verdicts", "floor"]
State = Literal["trained", "tiny", "waits"]


class Scorer(Protocol):
    """Scores documents for one query; higher is better."""

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One finite number per document, in the order given; a document that cannot be scored raises."""
        ...


@dataclass(frozen=True)
class Baseline:
    """One contestant, as data."""

    name: str
    kind: Kind
    loader: str  # "module:function", called with the source and options, returns a `Scorer`
    hub_id: str | None = None
    revision: str | None = None
    licence: str = "none"
    parameters: str = ""  # as its makers state them, "2B"
    reads: tuple[Literal["image", "text"], ...] = ("image", "text")
    state: State = "tiny"  # trained here; its code path runs here on tiny weights of the real class; waits
    unverified: str = ""  # what its prompt or readout was taken from, where nobody could check it
    needs: str = ""  # the package that it needs beyond ours

    def load(self, source: str | None = None, *, device: str | None = None) -> Scorer:
        """The scorer, from its hub id or from another source of the same class (a folder)."""
        module, _, function = self.loader.partition(":")
        scorer: Scorer = getattr(import_module(module), function)(self, source or self.hub_id, device=device)
        return scorer

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self) | {"reads": list(self.reads)}
