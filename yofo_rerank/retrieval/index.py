"""VectorIndex: a FAISS index of any kind over vectors of length 1, addressed by integer keys.

Any FAISS factory string is taken: `Flat` (exact, the right choice up to about a million documents), `HNSW32`,
`IVF64,PQ16x4`, ... Inner product on vectors of length 1 is the cosine similarity: higher is better.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from yofo_rerank.errors import RetrievalError
from yofo_rerank.retrieval.encoder import Vectors
from yofo_rerank.retrieval.selection import search_among

VECTORS_PER_CENTROID = 39  # with fewer, FAISS warns that a clustering is poor
MIN_PROBES = 16  # IVF lists visited per query, and at least an eighth of them: recall matters here, microseconds do not
EF_SEARCH = 128  # HNSW candidates kept per query
MAX_GPU_TOP_K = 2048  # FAISS's limit


class VectorIndex:
    """Keys and vectors in, nearest keys out; not thread-safe.

    >>> index = VectorIndex(2)
    >>> index.add([7, 9], np.array([[1, 0], [0, 1]], np.float32))
    >>> index.search(np.array([[0.6, 0.8]], np.float32), top_k=1)[0][0][0]
    9

    On a machine where FAISS sees a GPU, searches run on a copy there; the index in main memory stays the truth.

    Raises:
        RetrievalError: code `bad_index`, if FAISS knows no such index for vectors of this length.
    """

    def __init__(self, dim: int, factory: str = "Flat", *, search_parameters: str | None = None) -> None:
        if "IDMap" in factory:
            raise RetrievalError(
                f"got index {factory!r}, wanted it without IDMap: keys are kept anyway", code="bad_index"
            )
        try:
            index = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
        except RuntimeError as error:
            message = f"FAISS has no index {factory!r} for vectors of length {dim}: {_reason(error)}"
            raise RetrievalError(message, code="bad_index") from error
        if _core(index).metric_type != faiss.METRIC_INNER_PRODUCT:  # FAISS ignores the metric for `HNSW32,PQ8`
            raise RetrievalError(f"FAISS has no index {factory!r} for inner products", code="bad_index")
        self.dim = dim
        self.factory = factory
        self.search_parameters = search_parameters
        self._gpu: Any = None
        # Only IVF keeps keys by itself, and only under IDMap do the others: IDMap over IVF loses count on removal.
        keeps_keys = isinstance(_without_transform(index), faiss.IndexIVF)
        self._index: Any = index if keeps_keys else faiss.IndexIDMap(index)
        self._set_search_parameters()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_trained(self) -> bool:
        """Whether vectors can be added; `Flat` and `HNSW` always can."""
        return bool(self._index.is_trained)

    @property
    def good_training_size(self) -> int:
        """Number of vectors from which training is worth while."""
        return VECTORS_PER_CENTROID * _n_centroids(self._index)

    def train(self, vectors: Vectors) -> None:
        """Learn the index's clusters from vectors like those that will be added.

        Raises:
            RetrievalError: code `too_few_vectors`.
        """
        wanted = _n_centroids(self._index)
        if len(vectors) < wanted:
            message = f"got {len(vectors)} vectors, wanted at least {wanted} (better {self.good_training_size})"
            raise RetrievalError(f"{message} to train the index {self.factory!r}; use 'Flat'", code="too_few_vectors")
        trained = faiss.clone_index(self._index)  # so that an interruption leaves none half trained
        try:
            trained.train(vectors)
        except RuntimeError as error:
            message = f"got {len(vectors)} vectors, and FAISS cannot train the index {self.factory!r} on them"
            raise RetrievalError(f"{message}: {_reason(error)}", code="too_few_vectors") from error
        self._index = trained

    def add(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, (n, dim), under new keys; `keep` puts in order what an interruption leaves."""
        self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(keys, np.int64))
        self._gpu = None

    def remove(self, keys: Collection[int]) -> None:
        """Remove keys; an index that cannot (HNSW) is built again from its own vectors, which takes as long as adding.

        Raises:
            RetrievalError: code `cannot_remove`, if it also cannot give its vectors back.
        """
        gone = np.fromiter(keys, np.int64, len(keys))
        try:
            self._index.remove_ids(gone)
        except RuntimeError:  # FAISS: "remove_ids not implemented"
            self._rebuild_without(gone)
        self._gpu = None

    def check_removable(self) -> None:
        """Make sure that `remove` will do.

        Raises:
            RetrievalError: code `cannot_remove`.
        """
        try:
            self._index.remove_ids(np.empty(0, np.int64))
        except RuntimeError:
            self._vectors(len(self) and 1)

    def keep(self, keys: Collection[int]) -> None:
        """Hold exactly these keys, which it had before an `add` or `remove` that was interrupted anywhere.

        Raises:
            RetrievalError: code `cannot_remove`.
        """
        kept = np.fromiter(keys, np.int64, len(keys))
        self._gpu = None
        if not isinstance(self._index, faiss.IndexIDMap):  # IVF
            ivf = _core(self._index)
            self._index.remove_ids(faiss.IDSelectorNot(faiss.IDSelectorBatch(kept)))
            self._index.ntotal = ivf.ntotal = ivf.invlists.compute_ntotal()  # the sum of what the lists hold
            return
        known = faiss.vector_to_array(self._index.id_map)  # FAISS adds the vectors first, then their keys
        if len(known) != self._index.index.ntotal or len(known) != len(kept) or not np.isin(known, kept).all():
            self._rebuild_without(np.setdiff1d(known, kept))

    def search(
        self, vectors: Vectors, top_k: int, *, among: Collection[int] | None = None
    ) -> list[list[tuple[int, float]]]:
        """For each query vector its nearest keys with their scores, best first; equal scores in the order of keys.

        Args:
            vectors: (n, dim).
            top_k: keys to find.
            among: only these keys; an approximate index then looks further, by their share of all.
        """
        top_k = min(top_k, len(self) if among is None else len(among))
        if not top_k:
            return [[] for _ in vectors]
        vectors = np.ascontiguousarray(vectors)
        if among is None:
            scores, keys = self._searchable(top_k).search(vectors, top_k)  # (queries, top_k) each
        else:
            scores, keys = search_among(self._index, vectors, top_k, np.fromiter(among, np.int64, len(among)))
        return best_first(keys, scores)

    def write(self, path: Path) -> None:
        """Write FAISS's own file."""
        with path.open("wb") as file:
            self.write_to(file.write)

    def write_to(self, put: Callable[[bytes], object]) -> None:
        """Put FAISS's own file piece by piece; what `put` raises is raised (FAISS would ignore an error of closing)."""
        writer: Any = faiss.PyCallbackIOWriter(put)  # type: ignore[attr-defined]  # it is there
        faiss.write_index(self._index, writer)

    @classmethod
    def read(cls, path: Path, factory: str, *, search_parameters: str | None = None) -> VectorIndex:
        """Read what `write` wrote; FAISS trusts its files, so check where they come from first.

        Raises:
            RuntimeError: from FAISS, if it is not an index.
        """
        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        index._gpu = None
        index.dim, index.factory, index.search_parameters = index._index.d, factory, search_parameters
        index._set_search_parameters()
        return index

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_gpu": None}

    def _rebuild_without(self, gone: np.ndarray) -> None:
        keys = faiss.vector_to_array(self._index.id_map)
        vectors = self._vectors(len(keys))
        kept = ~np.isin(keys, gone)
        rebuilt = faiss.clone_index(self._index)
        rebuilt.reset()  # forgets the vectors, not what it was trained on
        rebuilt.add_with_ids(vectors[kept], keys[kept])
        self._index = rebuilt

    def _vectors(self, n: int) -> Vectors:
        """The first n as FAISS gives them back, (n, dim)."""
        try:
            return np.asarray(faiss.downcast_index(self._index.index).reconstruct_n(0, n))
        except RuntimeError as error:
            message = f"FAISS can neither remove from an index {self.factory!r} nor give its vectors back"
            raise RetrievalError(f"{message}: index the remaining documents anew", code="cannot_remove") from error

    def _searchable(self, top_k: int) -> Any:
        """The index, or its copy on the GPU where there is one that can hold it."""
        if top_k > MAX_GPU_TOP_K or faiss.get_num_gpus() == 0:
            return self._index
        if self._gpu is None:
            try:
                self._gpu = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, self._index)
            except RuntimeError:  # a kind that lives in main memory only
                self._gpu = self._index
        return self._gpu

    def _set_search_parameters(self) -> None:
        if self.search_parameters:
            parameters: Any = faiss.ParameterSpace()
            try:
                parameters.set_index_parameters(self._index, self.search_parameters)
            except RuntimeError as error:
                message = f"FAISS cannot set {self.search_parameters!r} for an index {self.factory!r}: {_reason(error)}"
                raise RetrievalError(message, code="bad_index") from error
            return
        core = _core(self._index)
        if isinstance(core, faiss.IndexIVF):
            core.nprobe = min(core.nlist, max(MIN_PROBES, core.nlist // 8))
        elif isinstance(core, faiss.IndexHNSW):
            core.hnsw.efSearch = EF_SEARCH


def best_first(keys: np.ndarray, scores: np.ndarray) -> list[list[tuple[int, float]]]:
    """What FAISS found, (queries, top_k) each, as keys with scores; equal scores in the order of keys."""
    found = (zip(*row, strict=True) for row in zip(keys.tolist(), scores.tolist(), strict=True))
    return [sorted((hit for hit in hits if hit[0] >= 0), key=lambda hit: (-hit[1], hit[0])) for hits in found]


def _without_transform(index: Any) -> Any:
    index = faiss.downcast_index(index)
    return faiss.downcast_index(index.index) if isinstance(index, faiss.IndexPreTransform) else index


def _core(index: Any) -> Any:
    """The index below key maps, transforms and refinement."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexIDMap | faiss.IndexPreTransform):
        return _core(index.index)
    return _core(index.base_index) if isinstance(index, faiss.IndexRefine) else index


def _n_centroids(index: Any) -> int:
    """Clusters that training must find: lists of an IVF, codewords of a product quantizer."""
    core = _core(index)
    store = faiss.downcast_index(core.storage) if isinstance(core, faiss.IndexHNSW) else core
    codewords = store.pq.ksub if hasattr(store, "pq") else 1
    return int(max(getattr(core, "nlist", 1), codewords))


def _reason(error: RuntimeError) -> str:
    """The last part of FAISS's message, without its source file names."""
    return str(error).rsplit(": ", 1)[-1].strip()
