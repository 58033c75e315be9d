"""What is ranked: documents, hits of a first stage, or the error that kept something from becoming a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.judge import check_documents

Candidate = Document | DocumentError


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
