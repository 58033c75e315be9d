"""A FAISS search among some keys alone, for every kind of index."""

from __future__ import annotations

from typing import Any

import faiss as untyped_faiss
import numpy as np

faiss: Any = untyped_faiss  # its stubs know little of search parameters

Found = tuple[np.ndarray, np.ndarray]  # scores and keys, (queries, top_k) each; key -1: nothing more


def search_among(index: Any, vectors: np.ndarray, top_k: int, wanted: np.ndarray) -> Found:
    """The nearest of the wanted keys; exact where the index is.

    An approximate index visits as much more as fewer keys are wanted, or it would meet too few of them. A kind that
    knows no selection is searched whole.

    Args:
        index: an IVF, or an `IndexIDMap` over any other kind.
        vectors: of the queries, (n, dim).
        top_k: at most.
        wanted: keys.
    """
    widen = index.ntotal / max(1, len(wanted))
    if not isinstance(index, faiss.IndexIDMap):  # IVF keeps the keys itself
        return _search(index, vectors, top_k, faiss.IDSelectorBatch(wanted), widen, index.ntotal)
    keys = faiss.vector_to_array(index.id_map)
    mask = np.isin(keys, wanted)  # (vectors of the index,)
    selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
    try:
        scores, places = _search(index.index, vectors, top_k, selector, widen, len(keys))
    except RuntimeError:  # FAISS: "search params not supported for this index"
        scores, places = _search_whole(index.index, vectors, top_k, mask)
    return scores, np.where(places >= 0, keys[places], -1)


def _search(index: Any, vectors: np.ndarray, top_k: int, selector: Any, widen: float, n: int) -> Found:
    found: Found = index.search(vectors, top_k, params=_parameters(index, selector, widen, n))
    return found


def _parameters(index: Any, selector: Any, widen: float, n: int) -> Any:
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return faiss.SearchParametersPreTransform(index_params=_parameters(index.index, selector, widen, n))
    if isinstance(index, faiss.IndexRefine):
        inner = _parameters(index.base_index, selector, widen, n)
        return faiss.IndexRefineSearchParameters(k_factor=index.k_factor, base_index_params=inner)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=min(index.nlist, int(index.nprobe * widen) + 1))
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(sel=selector, efSearch=min(n, int(index.hnsw.efSearch * widen) + 1))
    return faiss.SearchParameters(sel=selector)


def _search_whole(index: Any, vectors: np.ndarray, top_k: int, mask: np.ndarray) -> Found:
    scores, places = index.search(vectors, len(mask))
    is_wanted = (places >= 0) & mask[places]
    first = np.argsort(~is_wanted, axis=1, kind="stable")[:, :top_k]
    is_wanted, scores, places = (np.take_along_axis(one, first, axis=1) for one in (is_wanted, scores, places))
    return scores, np.where(is_wanted, places, -1)
