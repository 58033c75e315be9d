"""Where the vectors of a judged catalogue go beside its Parquet files, and how FAISS shards are searched.

    OUT/faiss/<partition>.faiss   FAISS's own file, vectors of length 1 by inner product
    OUT/faiss/<partition>.json    the ids of its documents, in its order

The ids are written first: a FAISS file that is there is whole, and so are its ids. A partition without any vector has
neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from yofo_rerank.errors import RetrievalError
from yofo_rerank.scale.addresses import beneath
from yofo_rerank.scale.writing import make_folder, names, put, read_bytes, remove

if TYPE_CHECKING:
    from yofo_rerank.retrieval.encoder import Vectors
    from yofo_rerank.retrieval.index import VectorIndex

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

    def __init__(self, ids: Sequence[str], index: VectorIndex) -> None:
        self.ids, self.index = tuple(ids), index

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, vectors: Vectors, top_k: int) -> list[list[tuple[str, float]]]:
        """For each query vector, as `ClipEncoder` gives them, the ids of the nearest documents with their scores."""
        return [[(self.ids[key], score) for key, score in hits] for hits in self.index.search(vectors, top_k)]


def open_shards(folder: str, factory: str = "Flat") -> Shards:
    """Read the FAISS shards of a catalogue into one index.

        open_shards("answers").search(ClipEncoder("mini").encode_texts(["a pink dress"]), top_k=10)

    Args:
        folder: OUT of `judge_catalogue`, also in an object store, written by someone you trust.
        factory: of the one index: `Flat` (exact), `HNSW32`, `IVF64,Flat`, ...; one that needs it is trained on as many
            vectors as do it good.

    Raises:
        RetrievalError: codes `no_shards`, `damaged`, `bad_index`, `too_few_vectors`.
    """
    from yofo_rerank.retrieval.index import VectorIndex

    folder = str(folder)
    index: VectorIndex | None = None
    ids: list[str] = []
    for some, vectors in _shards(folder):
        if index is None:
            index = VectorIndex(vectors.shape[1], factory)
            if not index.is_trained:
                index.train(_sample(folder, index.good_training_size))
        if vectors.shape[1] != index.dim:
            raise RetrievalError(f"{folder} holds vectors of {index.dim} and of {vectors.shape[1]}", code="damaged")
        index.add(range(len(ids), len(ids) + len(some)), vectors)
        ids += some
    if index is None:
        raise RetrievalError(f"{folder} holds no FAISS shard; was it written with FaissShards()?", code="no_shards")
    return Shards(ids, index)


def _shards(folder: str) -> Iterator[tuple[list[str], Vectors]]:
    import faiss

    for name in names(beneath(folder, FOLDER), ".faiss"):
        try:
            ids = json.loads(read_bytes(beneath(folder, FOLDER, f"{name}.json")))
            data = np.frombuffer(read_bytes(beneath(folder, FOLDER, f"{name}.faiss")), np.uint8)
            index: Any = faiss.deserialize_index(data)
            vectors = faiss.downcast_index(index.index).reconstruct_n(0, index.ntotal)
        except (OSError, ValueError, RuntimeError, AttributeError) as error:
            raise RetrievalError(f"shard {name} of {folder} cannot be read: {error}"[:300], code="damaged") from error
        if len(ids) != len(vectors):
            raise RetrievalError(f"shard {name} has {len(ids)} ids and {len(vectors)} vectors", code="damaged")
        yield ids, vectors


def _sample(folder: str, size: int) -> Vectors:
    """The first vectors, at least so many where there are."""
    found: list[Vectors] = []
    for _, vectors in _shards(folder):
        found.append(vectors)
        if sum(len(one) for one in found) >= size:
            break
    return np.concatenate(found)
