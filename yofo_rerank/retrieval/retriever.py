"""ClipFaissRetriever: the first stage, from a query to candidate documents."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from yofo_rerank.documents import Document, ImageLimits, load_image
from yofo_rerank.errors import DocumentError, ImageError, IndexMismatch, RetrievalError
from yofo_rerank.retrieval import storage
from yofo_rerank.retrieval.encoder import ClipEncoder, Encoder, Vectors, normalise
from yofo_rerank.retrieval.index import VectorIndex
from yofo_rerank.retrieval.results import AddReport, RetrievedDocument, Skipped

logger = logging.getLogger(__name__)

Query = str | Image.Image

SHOWN = 5  # ids in a message


class ClipFaissRetriever:
    """Documents found by the similarity of their CLIP vectors to the query's; safe to use from several threads.

    A document with an image is found by its image, otherwise by its text. An unreadable image is skipped, never
    replaced by the text beside it.

        retriever = ClipFaissRetriever.from_pretrained("mini")
        retriever.add(load_folder("photos"))
        hits = retriever.search("blue hooded top", top_k=100)
        retriever.save("photos.index")

    Args:
        encoder: a `ClipEncoder`, or any object with its methods.
        index: a FAISS factory string; see `yofo_rerank.retrieval.index`.
        search_parameters: for FAISS, for example "nprobe=32" or "efSearch=256".
        batch_size: documents opened and encoded at a time.
        limits: for the images.
    """

    def __init__(
        self,
        encoder: Encoder,
        index: str = "Flat",
        *,
        search_parameters: str | None = None,
        batch_size: int = 32,
        limits: ImageLimits | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"got batch_size {batch_size}, wanted 1 or more")
        self.encoder = encoder
        self.factory = index
        self.search_parameters = search_parameters
        self.batch_size = batch_size
        self.limits = limits
        self._index: VectorIndex | None = None  # made when the encoder, and so the dimension, is needed
        self._documents: dict[int, Document] = {}  # by key; keys grow and are never used again
        self._keys: dict[str, int] = {}  # by document id
        self._next_key = 0
        self._lock = threading.RLock()

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = "mini",
        pretrained: str | None = None,
        *,
        index: str = "Flat",
        search_parameters: str | None = None,
        device: str | None = None,
        dtype: str = "float32",
        batch_size: int = 32,
        limits: ImageLimits | None = None,
    ) -> ClipFaissRetriever:
        """A retriever over an open_clip model (see `ClipEncoder`), loaded at first use.

        >>> len(ClipFaissRetriever.from_pretrained("mini"))
        0
        """
        encoder = ClipEncoder(model, pretrained, device=device, dtype=dtype, batch_size=batch_size)
        return cls(encoder, index, search_parameters=search_parameters, batch_size=batch_size, limits=limits)

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def documents(self) -> list[Document]:
        """The indexed documents, in the order of their addition."""
        with self._lock:
            return list(self._documents.values())

    def add(self, documents: Iterable[Document], *, replace: bool = False, progress: bool | None = None) -> AddReport:
        """Index documents batch by batch, from any iterable; skips and reports those with unreadable images.

        An error leaves the batches before it in the index. An index that needs training waits for enough documents,
        so give those in random order.

        Args:
            documents: only one batch is held at a time (plus vectors waiting for training).
            replace: let a document take the place of one with the same id.
            progress: show a bar on stderr; None: when that is a terminal.

        Raises:
            DocumentError: something that is no document; code `duplicate_id`, unless `replace`.
            RetrievalError: code `too_few_vectors`, if the index cannot be trained; nothing is added then.
        """
        if isinstance(documents, Document):
            raise DocumentError("documents must be a list or another iterable, but got a single Document")
        before = len(self)
        skipped: list[Skipped] = []
        truncated: list[str] = []
        waiting: dict[str, tuple[Document, np.ndarray]] = {}
        added = 0
        for batch in _batches(_with_progress(documents, progress), self.batch_size):
            _check_documents(batch)
            if not replace:
                self._refuse_duplicates([document.id for document in batch], waiting)
            readable, vectors = self._encode(batch, skipped, truncated)
            waiting.update(zip((d.id for d in readable), zip(readable, vectors, strict=True), strict=True))
            if waiting and self._is_ready(len(waiting)):
                added += self._commit(waiting, replace=replace)
                waiting = {}
        if waiting:
            added += self._commit(waiting, replace=replace)
        if truncated:
            logger.warning("%d texts are longer than the encoder reads: %s", len(truncated), _some(truncated))
        logger.info("added %d documents to %d, skipped %d", added, before, len(skipped))
        return AddReport(added, tuple(skipped), tuple(truncated))

    def add_embeddings(self, documents: Sequence[Document], embeddings: Vectors, *, replace: bool = False) -> AddReport:
        """Index documents by vectors that the same encoder made elsewhere, (documents, dim); they are normalised.

        Raises:
            DocumentError: code `duplicate_id`, unless `replace`.
            RetrievalError: codes `bad_embeddings`, `too_few_vectors`.
        """
        _check_documents(documents)
        vectors = self._check_embeddings(embeddings, len(documents))
        if not replace:
            self._refuse_duplicates([document.id for document in documents])
        rows = {d.id: (d, vector) for d, vector in zip(documents, vectors, strict=True)}
        return AddReport(self._commit(rows, replace=replace) if rows else 0)

    def remove(self, ids: Collection[str]) -> None:
        """Remove documents; a HNSW index is built again for it, which takes as long as adding the rest.

        Raises:
            RetrievalError: codes `unknown_id` (nothing is removed then), `cannot_remove`.
        """
        ids = [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))
        with self._lock:
            unknown = [id_ for id_ in ids if id_ not in self._keys]
            if unknown:
                message = f"got {len(unknown)} ids that are not in the index: {_some(unknown)}"
                raise RetrievalError(message, code="unknown_id")
            self._remove(ids)

    def search(self, query: Query, top_k: int = 100) -> list[RetrievedDocument]:
        """The `top_k` documents nearest to a text or a PIL image, best first; equal scores in the order of addition.

        Fewer when the index holds fewer, or is approximate and finds fewer; of a text longer than the encoder reads,
        only the beginning counts, and a warning is logged.

        Raises:
            RetrievalError: codes `bad_top_k` (below 1), `bad_query` (blank text).
        """
        return self.search_many([query], top_k)[0]

    def search_many(self, queries: Sequence[Query], top_k: int = 100) -> list[list[RetrievedDocument]]:
        """`search` for several queries, encoded together."""
        _check_top_k(top_k)
        for query in queries:
            _check_query(query)
        if not self._documents or not queries:
            return [[] for _ in queries]
        texts = [query for query in queries if isinstance(query, str)]
        images = [load_image(query, name="query") for query in queries if not isinstance(query, str)]
        text_vectors = iter(self.encoder.encode_texts(texts)) if texts else iter(())
        image_vectors = iter(self.encoder.encode_images(images)) if images else iter(())
        rows = [next(text_vectors if isinstance(query, str) else image_vectors) for query in queries]
        return self._search(np.stack(rows), int(top_k))

    def search_embeddings(self, embeddings: Vectors, top_k: int = 100) -> list[list[RetrievedDocument]]:
        """`search` for vectors that the same encoder made, (queries, dim); they are normalised.

        Raises:
            RetrievalError: codes `bad_top_k`, `bad_embeddings`.
        """
        _check_top_k(top_k)
        return self._search(self._check_embeddings(embeddings), int(top_k))

    def save(self, folder: str | Path) -> None:
        """Write the index to a folder, or replace the one there; a save that fails leaves the old one.

        Image paths are stored as given, so relative ones stay relative to the working directory. Images that exist in
        memory only are kept in the folder, which can be moved. Raises `ImageError` if such an image cannot be read.
        """
        encoder = {
            "model": self.encoder.model,
            "pretrained": self.encoder.pretrained,
            "fingerprint": self.encoder.fingerprint,
        }
        with self._lock:
            storage.write_index(
                Path(folder), self._ready_index(), self._documents, encoder=encoder, next_key=self._next_key
            )

    @classmethod
    def load(
        cls,
        folder: str | Path,
        encoder: Encoder | None = None,
        *,
        device: str | None = None,
        batch_size: int = 32,
        limits: ImageLimits | None = None,
    ) -> ClipFaissRetriever:
        """Read what `save` wrote; by default the encoder that the index names is loaded too.

        Only load folders that you trust as much as a program: FAISS does not defend itself against crafted files, and
        the manifest names the model to load.

        Raises:
            IndexMismatch: codes `not_an_index`, `version`, `corrupt`, `other_encoder`.
        """
        folder = Path(folder)
        manifest = storage.read_manifest(folder)
        if encoder is None:
            encoder = ClipEncoder(manifest.model, manifest.pretrained, device=device, batch_size=batch_size)
        if encoder.fingerprint != manifest.fingerprint:
            raise IndexMismatch(
                f"the index in {folder} was built with {manifest.model!r}, {manifest.pretrained!r} "
                f"({manifest.fingerprint}), but got {encoder!r} ({encoder.fingerprint})",
                code="other_encoder",
            )
        index, documents = storage.read_contents(folder, manifest)
        retriever = cls(
            encoder, index.factory, search_parameters=index.search_parameters, batch_size=batch_size, limits=limits
        )
        retriever._index = index
        retriever._documents = documents
        retriever._keys = {document.id: key for key, document in documents.items()}
        retriever._next_key = manifest.next_key
        return retriever

    def _encode(
        self, batch: Sequence[Document], skipped: list[Skipped], truncated: list[str]
    ) -> tuple[list[Document], list[np.ndarray]]:
        """The readable documents of a batch and their vectors; notes the others."""
        pictured, images, written = [], [], []
        for document in batch:
            try:
                image = document.load_image(self.limits)
            except ImageError as error:
                skipped.append(Skipped(document.id, error.code, str(error)))
                logger.warning("skipped: %s", error)
                continue
            if image is None:
                written.append(document)
            else:
                pictured.append(document)
                images.append(image)
        texts = [document.text or "" for document in written]
        vectors = list(self.encoder.encode_images(images)) if images else []
        if texts:
            truncated += [d.id for d, cut in zip(written, self.encoder.too_long(texts), strict=True) if cut]
            vectors += list(self.encoder.encode_texts(texts, warn=False))
        rows = dict(zip(map(id, pictured + written), vectors, strict=True))
        readable = [document for document in batch if id(document) in rows]
        return readable, [rows[id(document)] for document in readable]

    def _is_ready(self, n_waiting: int) -> bool:
        with self._lock:
            index = self._ready_index()
            return index.is_trained or n_waiting >= index.good_training_size

    def _commit(self, rows: dict[str, tuple[Document, np.ndarray]], *, replace: bool) -> int:
        """Put documents and vectors into the index, together or not at all."""
        documents, vectors = zip(*rows.values(), strict=True)
        matrix = np.stack(vectors)
        with self._lock:
            index = self._ready_index()
            if not index.is_trained:
                index.train(matrix)
            known = [id_ for id_ in rows if id_ in self._keys]
            if known and not replace:  # added by another thread in the meantime
                self._refuse_duplicates(known)
            self._remove(known)
            keys = range(self._next_key, self._next_key + len(documents))
            index.add(keys, matrix)
            self._documents.update(zip(keys, documents, strict=True))
            self._keys.update(zip(rows, keys, strict=True))
            self._next_key = keys.stop
        return len(documents)

    def _remove(self, ids: Sequence[str]) -> None:
        if ids:
            self._ready_index().remove([self._keys[id_] for id_ in ids])
            for id_ in ids:
                del self._documents[self._keys.pop(id_)]

    def _search(self, vectors: Vectors, top_k: int) -> list[list[RetrievedDocument]]:
        with self._lock:
            return [
                [
                    RetrievedDocument(self._documents[key], score, rank)
                    for rank, (key, score) in enumerate(hits, start=1)
                ]
                for hits in self._ready_index().search(vectors, top_k)
            ]

    def _ready_index(self) -> VectorIndex:
        if self._index is None:
            self._index = VectorIndex(self.encoder.dim, self.factory, search_parameters=self.search_parameters)
        return self._index

    def _refuse_duplicates(self, ids: Sequence[str], waiting: Collection[str] = ()) -> None:
        seen: set[str] = set()
        for id_ in ids:
            if id_ in seen or id_ in waiting or id_ in self._keys:
                where = "the index" if id_ in self._keys else "this call"
                message = f"got a second document with the id {id_!r}, which {where} already has"
                raise DocumentError(f"{message}; wanted another id, or replace=True", code="duplicate_id")
            seen.add(id_)

    def _check_embeddings(self, embeddings: Vectors, n_wanted: int | None = None) -> Vectors:
        vectors = np.asarray(embeddings, np.float32)
        rows = "n" if n_wanted is None else n_wanted
        if vectors.ndim != 2 or vectors.shape[1] != self.encoder.dim or n_wanted not in (None, len(vectors)):
            message = f"got embeddings of shape {vectors.shape}, wanted ({rows}, {self.encoder.dim})"
            raise RetrievalError(message, code="bad_embeddings")
        if not np.isfinite(vectors).all():
            raise RetrievalError("got embeddings with NaN or infinity, wanted finite numbers", code="bad_embeddings")
        return normalise(vectors)


def _check_documents(documents: Iterable[Document]) -> None:
    for document in documents:
        if not isinstance(document, Document):
            raise DocumentError(f"wanted a Document, but got {type(document).__name__}")


def _check_top_k(top_k: int) -> None:
    if isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or top_k < 1:
        raise RetrievalError(f"got top_k {top_k!r}, wanted a whole number from 1", code="bad_top_k")


def _check_query(query: Query) -> None:
    if not isinstance(query, str | Image.Image):
        raise RetrievalError(
            f"got a query of type {type(query).__name__}, wanted a text or a PIL image", code="bad_query"
        )
    if isinstance(query, str) and not query.strip():
        raise RetrievalError(f"got the blank query {query!r}, wanted words", code="bad_query")
    if isinstance(query, str) and any("\ud800" <= character <= "\udfff" for character in query):
        raise RetrievalError("got a query with half a surrogate pair, wanted valid Unicode", code="bad_query")


def _some(ids: Sequence[str]) -> str:
    """The first few ids."""
    return ", ".join(map(repr, ids[:SHOWN])) + (", ..." if len(ids) > SHOWN else "")


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    iterator = iter(documents)
    while batch := list(islice(iterator, size)):
        yield batch


def _with_progress(documents: Iterable[Document], progress: bool | None) -> Iterable[Document]:
    if not (sys.stderr.isatty() if progress is None else progress):
        return documents
    from rich.console import Console
    from rich.progress import track

    total = len(documents) if isinstance(documents, Collection) else None
    return track(documents, "Encoding", total=total, console=Console(stderr=True))
