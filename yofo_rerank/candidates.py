"""What is ranked: documents, hits of a first stage, or the error that kept something from becoming a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from yofo_rerank.documents import Document, DocumentLike, as_documents, refuse_single
from yofo_rerank.errors import DocumentError

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
    documents: Sequence[DocumentLike | Hit], retrieval_scores: Sequence[float] | None = None
) -> tuple[list[Document], list[float | None]]:
    """Documents, and the first stage's scores where it gave some.

    Raises:
        DocumentError: something that is no document, one id for two different documents, a wrong number of scores.
    """
    refuse_single(documents)
    items = list(documents)
    candidates = as_documents(map(_candidate, items))
    _check_ids(candidates)
    if retrieval_scores is None:
        return candidates, [_score(item) for item in items]
    if len(retrieval_scores) != len(items):
        raise DocumentError(f"got {len(retrieval_scores)} retrieval scores for {len(items)} documents")
    return candidates, [float(score) for score in retrieval_scores]


def _is_hit(item: Any) -> bool:
    return isinstance(getattr(item, "document", None), Document)


def _candidate(item: Any) -> DocumentLike:
    return item.document if _is_hit(item) else item


def _score(item: Any) -> float | None:
    return float(item.score) if _is_hit(item) else None


def _check_ids(documents: Sequence[Document]) -> None:
    """The same document twice is fine; one id for two different ones would make results ambiguous."""
    known: dict[str, Document] = {}
    for document in documents:
        first = known.setdefault(document.id, document)
        if first is not document and (first.images, first.text) != (document.images, document.text):
            raise DocumentError(f"two different documents have the id {document.id!r}", code="duplicate_id")
