"""ClipFaissRetriever: the first stage, from a query to candidate documents."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from yofo_rerank.documents import (
    Document,
    DocumentLike,
    ImageLimits,
    as_document,
    as_documents,
    load_image,
    refuse_single,
)
from yofo_rerank.errors import IndexMismatch
from yofo_rerank.retrieval import storage
from yofo_rerank.retrieval.checks import check_embeddings, check_query, check_top_k
from yofo_rerank.retrieval.contents import Contents, some
from yofo_rerank.retrieval.encoder import ClipEncoder, Encoder, Vectors
from yofo_rerank.retrieval.encoding import encoded, with_progress
from yofo_rerank.retrieval.facet_files import FILE as FACETS
from yofo_rerank.retrieval.facets import Facets, Where
from yofo_rerank.retrieval.results import AddReport, RetrievedDocument, Skipped, filled_up

logger = logging.getLogger(__name__)

Query = str | Image.Image


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
        self._contents = Contents(encoder, index, search_parameters)
        self._facets: Facets | None = None
        self._opened: storage.Opened | None = None  # the generation that was read or written last

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
        return len(self._contents)

    @property
    def facets(self) -> Facets:
        """Requirements judged for the whole catalogue, which a search can ask for: those of the index folder."""
        if self._facets is None:
            self._facets = Facets()
        return self._facets

    @property
    def documents(self) -> list[Document]:
        """The indexed documents, in the order of their addition."""
        return self._contents.documents

    def add(
        self, documents: Iterable[DocumentLike], *, replace: bool = False, progress: bool | None = None
    ) -> AddReport:
        """Index documents batch by batch, from any iterable; skips and reports those with unreadable images.

        The next batch is decoded by threads while one is encoded; large JPEGs are decoded no larger than twice what the
        encoder sees. Each batch is added whole or not at all: an error leaves those before it in the index. An index
        that needs training waits for enough documents, so give those in random order.

        Args:
            documents: or texts, paths, pictures; two batches are held at a time (plus vectors waiting for training).
            replace: let a document take the place of one with the same id.
            progress: show a bar on stderr; None: when that is a terminal.

        Raises:
            DocumentError: something that is no document; code `duplicate_id`, unless `replace`.
            RetrievalError: code `too_few_vectors`, if the index cannot be trained; nothing is added then.
        """
        refuse_single(documents)
        before, added = len(self), 0
        skipped: list[Skipped] = []
        truncated: list[str] = []
        waiting: dict[str, tuple[Document, np.ndarray]] = {}
        stream = map(as_document, with_progress(documents, progress))
        for batch, encode in encoded(stream, self.encoder, self.limits, self.batch_size):
            if not replace:
                self._contents.refuse_duplicates([document.id for document in batch], waiting)
            found = encode()
            waiting |= found.rows
            skipped += found.skipped
            truncated += found.truncated
            if waiting and self._contents.is_ready(len(waiting)):
                added += self._contents.put(waiting, replace=replace)
                waiting = {}
        if waiting:
            added += self._contents.put(waiting, replace=replace)
        if truncated:
            logger.warning("%d texts are longer than the encoder reads: %s", len(truncated), some(truncated))
        logger.info("added %d documents to %d, skipped %d", added, before, len(skipped))
        return AddReport(added, tuple(skipped), tuple(truncated))

    def add_embeddings(
        self, documents: Sequence[DocumentLike], embeddings: Vectors, *, replace: bool = False
    ) -> AddReport:
        """Index documents by vectors that the same encoder made elsewhere, (documents, dim); they are normalised.

        Raises:
            DocumentError: code `duplicate_id`, unless `replace`.
            RetrievalError: codes `bad_embeddings`, `too_few_vectors`.
        """
        documents = as_documents(documents)
        vectors = check_embeddings(embeddings, self.encoder.dim, len(documents))
        if not replace:
            self._contents.refuse_duplicates([document.id for document in documents])
        rows = {d.id: (d, vector) for d, vector in zip(documents, vectors, strict=True)}
        return AddReport(self._contents.put(rows, replace=replace) if rows else 0)

    def remove(self, ids: Collection[str]) -> None:
        """Remove documents; a HNSW index is built again for it, which takes as long as adding the rest.

        Raises:
            RetrievalError: codes `unknown_id` (nothing is removed then), `cannot_remove`.
        """
        self._contents.remove([ids] if isinstance(ids, str) else list(dict.fromkeys(ids)))

    def search(
        self, query: Query, top_k: int = 100, *, where: Where | None = None, fill: bool = False
    ) -> list[RetrievedDocument]:
        """The `top_k` documents nearest to a text or a PIL image, best first; equal scores in the order of addition.

        Fewer when the index holds fewer, or is approximate and finds fewer; of a text longer than the encoder reads,
        only the beginning counts, and a warning is logged.

        Args:
            query: a text or an image.
            top_k: documents to find.
            where: only documents that are known to meet these facets (see `Facets.satisfying`): a requirement, a list
                of them, or conditions such as `{"pink": False, "has a hood": 0.9}`. What was never judged is left out,
                with a warning.
            fill: behind those, where they are too few, the nearest of all others, in case a facet was judged wrong.

        Raises:
            RetrievalError: codes `bad_top_k` (below 1), `bad_query` (blank, or longer than 5,000 characters),
                `bad_where`, `unknown_facet`.
        """
        found = self.search_many([query], top_k, where=where)[0]
        return filled_up(found, self.search_many([query], top_k)[0]) if fill and len(found) < top_k else found

    def search_many(
        self, queries: Sequence[Query], top_k: int = 100, *, where: Where | None = None
    ) -> list[list[RetrievedDocument]]:
        """`search` for several queries, encoded together."""
        top_k = check_top_k(top_k)
        for query in queries:
            check_query(query)
        if not len(self) or not queries:
            return [[] for _ in queries]
        texts = [query for query in queries if isinstance(query, str)]
        images = [load_image(query, name="query") for query in queries if not isinstance(query, str)]
        text_vectors = iter(self.encoder.encode_texts(texts)) if texts else iter(())
        image_vectors = iter(self.encoder.encode_images(images)) if images else iter(())
        rows = [next(text_vectors if isinstance(query, str) else image_vectors) for query in queries]
        return self._search(np.stack(rows), top_k, where)

    def search_embeddings(
        self, embeddings: Vectors, top_k: int = 100, *, where: Where | None = None
    ) -> list[list[RetrievedDocument]]:
        """`search` for vectors that the same encoder made, (queries, dim); they are normalised.

        Raises:
            RetrievalError: codes `bad_top_k`, `bad_embeddings`.
        """
        top_k = check_top_k(top_k)
        return self._search(check_embeddings(embeddings, self.encoder.dim), top_k, where)

    def save(self, folder: str | Path) -> None:
        """Write the index to a folder, or replace the one there; a save that fails or is killed leaves the old one.

        Any number of processes may save and load one folder: saves wait for each other, the last one holds, and who
        loaded an earlier one keeps it, with its images. Other files in the folder are left alone.

        Image paths are stored as given, so relative ones stay relative to the working directory. Images that exist in
        memory only are kept in the folder, which can be moved.

        Raises:
            ImageError: such an image cannot be read.
            RetrievalError: codes `locked` (another process has been writing for ten minutes), `not_stored` (the disk
                does not hold what was written), `inconsistent`.
        """
        encoder = {
            "model": self.encoder.model,
            "pretrained": self.encoder.pretrained,
            "fingerprint": self.encoder.fingerprint,
        }
        with self._contents.lock:
            index, documents, next_key = self._contents.snapshot()
            self._opened = storage.write_index(
                Path(folder), index, documents, encoder=encoder, next_key=next_key, opened=self._opened
            )
        if self._facets is None:
            self._facets = Facets(Path(folder) / FACETS)
        else:
            self._facets.keep_in(Path(folder) / FACETS)

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
        opened = storage.open_index(folder)
        manifest = opened.manifest
        if encoder is None:
            encoder = ClipEncoder(manifest.model, manifest.pretrained, device=device, batch_size=batch_size)
        if encoder.fingerprint != manifest.fingerprint:
            raise IndexMismatch(
                f"the index in {folder} was built with {manifest.model!r}, {manifest.pretrained!r} "
                f"({manifest.fingerprint}), but got {encoder!r} ({encoder.fingerprint})",
                code="other_encoder",
            )
        index, documents = storage.read_contents(opened)
        retriever = cls(
            encoder, index.factory, search_parameters=index.search_parameters, batch_size=batch_size, limits=limits
        )
        retriever._contents = Contents.restored(encoder, index, documents, manifest.next_key)
        retriever._opened = opened
        retriever._facets = Facets(folder / FACETS)
        return retriever

    def _search(self, vectors: Vectors, top_k: int, where: Where | None) -> list[list[RetrievedDocument]]:
        choose = None if where is None else partial(self.facets.satisfying, where)
        return [
            [RetrievedDocument(document, score, rank) for rank, (document, score) in enumerate(hits, start=1)]
            for hits in self._contents.find(vectors, top_k, choose)
        ]
