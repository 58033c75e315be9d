"""The reranker in the shape of sentence-transformers' CrossEncoder: `rank` and `predict`, for scripts that have one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yofo_rerank.documents import DocumentLike, as_documents
from yofo_rerank.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from yofo_rerank.progress import Progress
    from yofo_rerank.reranker import Explained, YofoReranker

logger = logging.getLogger(__name__)


def rank(
    reranker: YofoReranker,
    query: str,
    documents: Sequence[DocumentLike],
    *,
    top_k: int | None,
    return_documents: bool,
    progress: Progress,
) -> list[dict[str, Any]]:
    """See `YofoReranker.rank`."""
    candidates = as_documents(documents)
    explained = reranker.explain(query, candidates, progress=progress)
    _log_warnings(explained)
    return [
        {"corpus_id": place.index, "score": place.score}
        | ({"text": documents[place.index]} if return_documents else {})
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
    documents = as_documents([document for _, document in pairs])
    scores = np.full(len(pairs), np.nan)  # what on_error="drop" leaves out has no score
    for query, places in queries.items():
        explained = reranker.explain(query, [documents[place] for place in places], progress=progress)
        _log_warnings(explained)
        for one in explained.places:
            scores[places[one.index]] = one.score
    return scores


def _log_warnings(explained: Explained) -> None:
    """Neither a list of dicts nor an array can carry them."""
    for warning in (*explained.query.warnings, *explained.warnings):
        logger.warning(warning)
