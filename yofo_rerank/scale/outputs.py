"""Where the vectors of a judged catalogue go beside its Parquet files, and how FAISS shards are searched.

    OUT/faiss/<partition>.faiss   FAISS's own file, vectors of length 1 by inner product
    OUT/faiss/<partition>.json    the ids of its documents, in its order

The ids are written first: a FAISS file that is there is whole, and so are its ids. A partition without any vector has
neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from yofo_rerank.errors import RetrievalError
from yofo_rerank.scale.addresses import beneath
from yofo_rerank.scale.writing import make_folder, names, put, read_bytes, remove

if TYPE_CHECKING:
    from yofo_rerank.retrieval.encoder import Vectors
    from yofo_rerank.retrieval.index import VectorIndex
    from yofo_rerank.scale.mapped import MappedIndex

FOLDER = "faiss"


class Output(Protocol):
    """Takes every partition at least once, and twice the same as once; its `repr` tells it from others in every run."""

    def write(self, folder: str, partition: str, rows: Sequence[dict[str, Any]], requirements: Sequence[str]) -> None:
        """Keep what the rows of `JudgeActor` hold."""
        ...

    def remove(self, folder: str, partition: str) -> None:
        """Take away what was written for a partition, where anything was."""
        ...


@dataclass(frozen=True)
class FaissShards:
    """A FAISS file for each partition in `OUT/faiss`; `open_shards` searches them as one."""

    def write(self, folder: str, partition: str, rows: Sequence[dict[str, Any]], requirements: Sequence[str]) -> None:  # noqa: ARG002 - of every output
        """The vectors of a partition, exact, and then found whole or not at all."""
        from yofo_rerank.retrieval.index import VectorIndex

        ids = [row["document"] for row in rows if row["vector"] is not None]
        if not ids:
            return
        vectors = np.asarray([row["vector"] for row in rows if row["vector"] is not None], np.float32)
        index = VectorIndex(vectors.shape[1])
        index.add(range(len(ids)), vectors)
        data = bytearray()
        index.write_to(data.extend)
        make_folder(beneath(folder, FOLDER))
        put(beneath(folder, FOLDER, f"{partition}.json"), json.dumps(ids).encode())
        put(beneath(folder, FOLDER, f"{partition}.faiss"), bytes(data))

    def remove(self, folder: str, partition: str) -> None:
        """Both files; the ids last."""
        remove(beneath(folder, FOLDER, f"{partition}.faiss"))
        remove(beneath(folder, FOLDER, f"{partition}.json"))


class Shards:
    """All shards of a catalogue as one index.

    Args:
        ids: of the documents.
        index: whose keys are places in `ids`.
    """

    def __init__(self, ids: Sequence[str], index: VectorIndex | MappedIndex) -> None:
        self.ids, self.index = tuple(ids), index

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, vectors: Vectors, top_k: int) -> list[list[tuple[str, float]]]:
        """For each query vector, as `ClipEncoder` gives them, the ids of the nearest documents with their scores.

        Raises:
            RetrievalError: codes `bad_top_k` (below 1), `bad_embeddings` (another width, not finite).
        """
        from yofo_rerank.retrieval.checks import check_embeddings, check_top_k

        asked = check_embeddings(vectors, self.index.dim)
        return [
            [(self.ids[key], score) for key, score in hits] for hits in self.index.search(asked, check_top_k(top_k))
        ]


def open_shards(folder: str, factory: str = "Flat", *, mapped: bool = False) -> Shards:
    """Read the FAISS shards of a catalogue into one index, or search them in their files.

        open_shards("answers").search(ClipEncoder("mini").encode_texts(["a pink dress"]), top_k=10)

    Args:
        folder: OUT of `judge_catalogue`, also in an object store, written by someone you trust.
        factory: of the one index: `Flat` (exact), `HNSW32`, `IVF64,Flat`, ...; one that needs it is trained on as many
            vectors as do it good.
        mapped: leave the vectors in their files, here, and search these exactly, one after another.

    Raises:
        RetrievalError: codes `no_shards`, `damaged`, `bad_index`, `too_few_vectors`.
        ConfigError: mapped, and a folder elsewhere, or another factory.
    """
    from yofo_rerank.retrieval.index import VectorIndex

    folder = str(folder)
    if mapped:
        return _mapped(folder, factory)
    index: VectorIndex | None = None
    ids: list[str] = []
    for some, vectors in _shards(folder):
        if index is None:
            index = VectorIndex(vectors.shape[1], factory)
            if not index.is_trained:
                index.train(_sample(folder, index.good_training_size))
        _check_dim(folder, index.dim, vectors.shape[1])
        index.add(range(len(ids), len(ids) + len(some)), vectors)
        ids += some
    return _shards_of(folder, ids, index)


def _mapped(folder: str, factory: str) -> Shards:
    from yofo_rerank.scale.mapped import MappedIndex, check_mappable, read_mapped

    folder = check_mappable(folder, factory)
    index: MappedIndex | None = None
    ids: list[str] = []
    for some, shard in _indexes(folder, read_mapped):
        index = index or MappedIndex(shard.d)
        _check_dim(folder, index.dim, shard.d)
        index.add(shard)
        ids += some
    return _shards_of(folder, ids, index)


def _check_dim(folder: str, dim: int, got: int) -> None:
    if got != dim:
        raise RetrievalError(f"{folder} holds vectors of {dim} and of {got}", code="damaged")


def _shards_of(folder: str, ids: Sequence[str], index: VectorIndex | MappedIndex | None) -> Shards:
    if index is None:
        raise RetrievalError(f"{folder} holds no FAISS shard; was it written with FaissShards()?", code="no_shards")
    return Shards(ids, index)


def _shards(folder: str) -> Iterator[tuple[list[str], Vectors]]:
    import faiss

    def read(address: str) -> Any:
        return faiss.deserialize_index(np.frombuffer(read_bytes(address), np.uint8))

    for ids, index in _indexes(folder, read):
        yield ids, np.asarray(faiss.downcast_index(index.index).reconstruct_n(0, index.ntotal))


def _indexes(folder: str, read: Callable[[str], Any]) -> Iterator[tuple[list[str], Any]]:
    """The ids of each shard, and FAISS's index of it."""
    import faiss

    for name in names(beneath(folder, FOLDER), ".faiss"):
        try:
            ids = json.loads(read_bytes(beneath(folder, FOLDER, f"{name}.json")))
            index = read(beneath(folder, FOLDER, f"{name}.faiss"))
        except (OSError, ValueError, RuntimeError) as error:
            raise RetrievalError(f"shard {name} of {folder} cannot be read: {error}"[:300], code="damaged") from error
        if not isinstance(index, faiss.IndexIDMap):
            raise RetrievalError(f"shard {name} is an {type(index).__name__}, wanted an IndexIDMap", code="damaged")
        if len(ids) != index.ntotal:
            raise RetrievalError(f"shard {name} has {len(ids)} ids and {index.ntotal} vectors", code="damaged")
        yield ids, index


def _sample(folder: str, size: int) -> Vectors:
    """The first vectors, at least so many where there are."""
    found: list[Vectors] = []
    for _, vectors in _shards(folder):
        found.append(vectors)
        if sum(len(one) for one in found) >= size:
            break
    return np.concatenate(found)
