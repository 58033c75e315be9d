"""What a search or an addition is given, checked before anything heavy happens."""

from __future__ import annotations

import numpy as np
from PIL import Image

from yofo_rerank.errors import RetrievalError
from yofo_rerank.requirements import MAX_QUERY_CHARS
from yofo_rerank.retrieval.encoder import Vectors, normalise


def check_top_k(top_k: int) -> int:
    """A whole number from 1, or RetrievalError (`bad_top_k`)."""
    if isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or top_k < 1:
        raise RetrievalError(f"got top_k {top_k!r}, wanted a whole number from 1", code="bad_top_k")
    return int(top_k)


def check_query(query: object) -> None:
    """A picture, or words of at most `MAX_QUERY_CHARS` characters; else RetrievalError (`bad_query`)."""
    if not isinstance(query, str | Image.Image):
        message = f"got a query of type {type(query).__name__}, wanted a text or a PIL image"
        raise RetrievalError(message, code="bad_query")
    if not isinstance(query, str):
        return
    if len(query) > MAX_QUERY_CHARS:
        message = f"got a query of {len(query):,} characters, wanted at most {MAX_QUERY_CHARS:,}"
        raise RetrievalError(message, code="bad_query")
    if not query.strip():
        raise RetrievalError(f"got the blank query {query!r}, wanted words", code="bad_query")
    if any("\ud800" <= character <= "\udfff" for character in query):
        raise RetrievalError("got a query with half a surrogate pair, wanted valid Unicode", code="bad_query")


def check_embeddings(embeddings: Vectors, dim: int, n_wanted: int | None = None) -> Vectors:
    """Vectors scaled to length 1, (n, dim), or RetrievalError (`bad_embeddings`)."""
    vectors = np.asarray(embeddings, np.float32)
    rows = "n" if n_wanted is None else n_wanted
    if vectors.ndim != 2 or vectors.shape[1] != dim or n_wanted not in (None, len(vectors)):
        message = f"got embeddings of shape {vectors.shape}, wanted ({rows}, {dim})"
        raise RetrievalError(message, code="bad_embeddings")
    if not np.isfinite(vectors).all():
        raise RetrievalError("got embeddings with NaN or infinity, wanted finite numbers", code="bad_embeddings")
    return normalise(vectors)
