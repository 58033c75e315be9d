"""FAISS shards that are searched in their files: memory holds of them what the machine has to spare."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from yofo_rerank.errors import ConfigError
from yofo_rerank.retrieval.encoder import Vectors
from yofo_rerank.retrieval.index import best_first
from yofo_rerank.scale.addresses import plain


class MappedIndex:
    """Exact search over FAISS files, each of which holds vectors by inner product under the keys 0, 1, 2, ...

    A key here is the number of vectors in the files before, and the key there. A file that is written again, by a
    rename, stays as it was.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._shards: Any = faiss.IndexShards(dim, False, True)  # type: ignore[call-arg]  # one thread; keys go on

    def __len__(self) -> int:
        return int(self._shards.ntotal)

    def add(self, shard: Any) -> None:
        """What `read_mapped` gave."""
        self._shards.add_shard(shard)

    def search(self, vectors: Vectors, top_k: int) -> list[list[tuple[int, float]]]:
        """As `VectorIndex.search`."""
        top_k = min(top_k, len(self))
        if not top_k:
            return [[] for _ in vectors]
        scores, keys = self._shards.search(np.ascontiguousarray(vectors), top_k)
        return best_first(keys, scores)


def read_mapped(path: str) -> Any:
    """FAISS's index of a file, whose vectors stay there.

    Raises:
        RuntimeError: from FAISS, if it is not an index.
    """
    return faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC)


def check_mappable(folder: str, factory: str) -> str:
    """The path of a folder whose shards can be mapped.

    Raises:
        ConfigError: it is elsewhere, or another kind of index is wanted.
    """
    folder = plain(folder)
    if "://" in folder:
        raise ConfigError(f"got {folder!r} and mapped=True, wanted a folder here: files elsewhere cannot be mapped")
    if factory != "Flat":
        raise ConfigError(f"got factory {factory!r} and mapped=True, wanted 'Flat': shards are searched as they are")
    return folder
