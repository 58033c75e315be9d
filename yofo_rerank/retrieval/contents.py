"""Documents and their vectors, changed together or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, RetrievalError
from yofo_rerank.retrieval.encoder import Encoder, Vectors
from yofo_rerank.retrieval.index import VectorIndex

SHOWN = 5  # ids in a message

Rows = Mapping[str, tuple[Document, np.ndarray]]  # by document id: the document and its vector, (dim,)


class Contents:
    """What a retriever holds; safe to use from several threads.

    Whatever interrupts a change (Ctrl-C, no memory), the contents are those before it or those after it. The ids
    decide: `_keys` changes in one step, and what no id stands for is cleared away by the next call.
    """

    def __init__(self, encoder: Encoder, factory: str, search_parameters: str | None) -> None:
        self.encoder = encoder
        self.factory = factory
        self.search_parameters = search_parameters
        self.lock = threading.RLock()
        self._index: VectorIndex | None = None  # made when the encoder, and so the dimension, is needed
        self._documents: dict[int, Document] = {}  # by key; keys grow and are never used again
        self._keys: dict[str, int] = {}  # by document id: the truth
        self._next_key = 0
        self._is_settled = True

    @classmethod
    def restored(cls, encoder: Encoder, index: VectorIndex, documents: dict[int, Document], next_key: int) -> Contents:
        """What was stored."""
        contents = cls(encoder, index.factory, index.search_parameters)
        contents._index, contents._documents, contents._next_key = index, documents, next_key
        contents._keys = {document.id: key for key, document in documents.items()}
        return contents

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._keys

    @property
    def documents(self) -> list[Document]:
        """In the order of their addition."""
        return list(self.snapshot()[1].values())

    def snapshot(self) -> tuple[VectorIndex, dict[int, Document], int]:
        """Index, documents by key and the next key; hold the lock while the index is used.

        Raises:
            RetrievalError: code `inconsistent`, if their counts differ, which nothing should be able to bring about.
        """
        with self.lock:
            index = self.settled_index()
            counts = len(self._keys), len(self._documents), len(index)
            if len(set(counts)) > 1:
                message = f"got (ids, documents, vectors) = {counts}, wanted three times the same"
                raise RetrievalError(f"the retriever's contents do not fit: {message}", code="inconsistent")
            return index, dict(self._documents), self._next_key

    def put(self, rows: Rows, *, replace: bool) -> int:
        """Add documents with their vectors; with `replace`, known ids get new ones.

        Raises:
            DocumentError: code `duplicate_id`, unless `replace`.
            RetrievalError: codes `too_few_vectors`, `cannot_remove`; nothing is added then.
        """
        documents, vectors = zip(*rows.values(), strict=True)
        matrix = np.stack(vectors)
        with self.lock:
            index = self.settled_index()
            old = [self._keys[id_] for id_ in rows if id_ in self._keys]
            if old and not replace:  # added by another thread in the meantime
                self.refuse_duplicates(list(rows))
            if old:
                index.check_removable()
            if not index.is_trained:
                index.train(matrix)
            keys = range(self._next_key, self._next_key + len(documents))
            new_documents, new_keys = dict(zip(keys, documents, strict=True)), dict(zip(rows, keys, strict=True))
            self._is_settled = False
            self._next_key = keys.stop
            self._documents.update(new_documents)
            index.add(keys, matrix)
            self._keys.update(new_keys)  # one step: before it nothing has changed, after it everything has
            self._clear(index, old)
        return len(documents)

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents.

        Raises:
            RetrievalError: codes `unknown_id`, `cannot_remove`; nothing is removed then.
        """
        with self.lock:
            index = self.settled_index()
            gone = set(ids)
            unknown = [id_ for id_ in ids if id_ not in self._keys]
            if unknown:
                message = f"got {len(unknown)} ids that are not in the index: {some(unknown)}"
                raise RetrievalError(message, code="unknown_id")
            if gone:
                index.check_removable()
                old = [self._keys[id_] for id_ in gone]
                remaining = {id_: key for id_, key in self._keys.items() if id_ not in gone}
                self._is_settled = False
                self._keys = remaining  # the one step
                self._clear(index, old)

    def find(
        self, vectors: Vectors, top_k: int, choose: Callable[[Collection[str]], set[str]] | None = None
    ) -> list[list[tuple[Document, float]]]:
        """For each query vector its nearest documents with their scores, best first; of all, or of the ids chosen."""
        with self.lock:
            index = self.settled_index()
            among = None if choose is None else [self._keys[id_] for id_ in choose(self._keys.keys())]
            found = index.search(vectors, top_k, among=among)
            return [[(self._documents[key], score) for key, score in hits] for hits in found]

    def is_ready(self, n_waiting: int) -> bool:
        """Whether that many vectors can be added, or are enough to train on."""
        with self.lock:
            index = self.settled_index()
            return index.is_trained or n_waiting >= index.good_training_size

    def refuse_duplicates(self, ids: Sequence[str], waiting: Collection[str] = ()) -> None:
        """Raise DocumentError (`duplicate_id`) for an id that comes twice, is waiting, or is here already."""
        seen: set[str] = set()
        for id_ in ids:
            if id_ in seen or id_ in waiting or id_ in self._keys:
                where = "the index" if id_ in self._keys else "this call"
                message = f"got a second document with the id {id_!r}, which {where} already has"
                raise DocumentError(f"{message}; wanted another id, or replace=True", code="duplicate_id")
            seen.add(id_)

    def settled_index(self) -> VectorIndex:
        """The index, after clearing away what an interruption left; call it under the lock."""
        if self._index is None:
            self._index = VectorIndex(self.encoder.dim, self.factory, search_parameters=self.search_parameters)
        if not self._is_settled:
            live = set(self._keys.values())
            self._index.keep(live)
            self._documents = {key: document for key, document in self._documents.items() if key in live}
            self._is_settled = True
        return self._index

    def _clear(self, index: VectorIndex, old: Sequence[int]) -> None:
        """Drop the vectors and documents of keys that no id stands for any more."""
        if old:
            index.remove(old)
            for key in old:
                del self._documents[key]
        self._is_settled = True

    def __getstate__(self) -> dict[str, Any]:
        with self.lock:
            if self._index is not None:
                self.settled_index()
            return {**self.__dict__, "lock": None, "_documents": dict(self._documents), "_keys": dict(self._keys)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, lock=threading.RLock())


def some(ids: Sequence[str]) -> str:
    """The first few ids."""
    return ", ".join(map(repr, ids[:SHOWN])) + (", ..." if len(ids) > SHOWN else "")
