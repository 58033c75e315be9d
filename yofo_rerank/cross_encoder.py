"""The reranker in the shape of sentence-transformers' CrossEncoder: `rank` and `predict`, for scripts that have one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yofo_rerank.documents import Document
from yofo_rerank.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    import numpy as np

    from yofo_rerank.progress import Progress
    from yofo_rerank.reranker import Explained, YofoReranker

logger = logging.getLogger(__name__)


def rank(
    reranker: YofoReranker,
    query: str,
    documents: Sequence[Any],
    *,
    top_k: int | None,
    return_documents: bool,
    progress: Progress,
) -> list[dict[str, Any]]:
    """See `YofoReranker.rank`."""
    items = _listed(documents)
    explained = reranker.explain(query, list(map(as_document, items)), progress=progress)
    _log_warnings(explained)
    return [
        {"corpus_id": place.index, "score": place.score} | ({"text": items[place.index]} if return_documents else {})
        for place in explained.places[:top_k]
    ]


def predict(reranker: YofoReranker, pairs: Sequence[Any], *, progress: Progress) -> np.ndarray:
    """See `YofoReranker.predict`."""
    import numpy as np

    queries: dict[str, list[int]] = {}  # places of the pairs with one query, which are judged together
    for place, pair in enumerate(pairs):
        if isinstance(pair, str | bytes) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ConfigError(f"pair {place}: wanted (query, document), but got {pair!r:.80}")
        queries.setdefault(pair[0], []).append(place)
    documents = [as_document(document) for _, document in pairs]
    scores = np.full(len(pairs), np.nan)  # what on_error="drop" leaves out has no score
    for query, places in queries.items():
        explained = reranker.explain(query, [documents[place] for place in places], progress=progress)
        _log_warnings(explained)
        for one in explained.places:
            scores[places[one.index]] = one.score
    return scores


def as_document(item: Any) -> Document:
    """A document as it is, a text as a text, anything else as an image."""
    if isinstance(item, Document):
        return item
    return Document(text=item) if isinstance(item, str) else Document(image=item)


def _listed(documents: Sequence[Any]) -> list[Any]:
    if isinstance(documents, str | bytes | Document):
        raise DocumentError(f"documents must be a list, but got a single {type(documents).__name__}")
    return list(documents)


def _log_warnings(explained: Explained) -> None:
    """Neither a list of dicts nor an array can carry them."""
    for warning in (*explained.query.warnings, *explained.warnings):
        logger.warning(warning)
