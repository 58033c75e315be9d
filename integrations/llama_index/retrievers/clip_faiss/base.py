"""ClipFaissRetriever: the library's first stage as a LlamaIndex retriever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import BaseNode, IndexNode, NodeWithScore, QueryBundle
from llama_index.postprocessor.yofo.nodes import NodeReader
from llama_index.retrievers.clip_faiss.documents import to_node

from yofo_rerank import retrieval
from yofo_rerank.documents import Document
from yofo_rerank.errors import RetrievalError
from yofo_rerank.frameworks.encoders import shared_encoder
from yofo_rerank.frameworks.paths import confined
from yofo_rerank.retrieval import AddReport, RetrievedDocument, Skipped
from yofo_rerank.retrieval.facets import Where


class ClipFaissRetriever(BaseRetriever):
    """Nodes by the cosine similarity of their CLIP vectors to the query's, best first; images need no captions.

        retriever = ClipFaissRetriever.from_nodes([ImageNode(image_path="photos/1.jpg")], model="mini")
        retriever.retrieve("blue hooded top")

    A node with an image is found by its image, otherwise by its text. The query is a text, an image
    (`QueryBundle.image_path`, which goes before the text), or an embedding of the same encoder. Nodes added here come
    back as they are; whatever else the index holds, or is loaded from a folder, comes back as `ImageNode` or
    `TextNode`.

    Args:
        index: the library's own retriever, with its encoder and documents.
        similarity_top_k: nodes to return.
        where: only nodes that are known to meet these facets of the index (see the library's own `search`).
        image_root: folder that no image path may leave, of nodes and of queries; relative ones start there.
        callback_manager: as in every retriever; so are the arguments below.
        object_map: what index nodes stand for.
        objects: index nodes, instead of `object_map`.
        verbose: print what recursive retrieval does.

    Raises:
        RetrievalError: `similarity_top_k` below 1.
    """

    def __init__(
        self,
        index: retrieval.ClipFaissRetriever,
        *,
        similarity_top_k: int = 10,
        where: Where | None = None,
        image_root: str | Path | None = None,
        callback_manager: CallbackManager | None = None,
        object_map: dict[str, Any] | None = None,
        objects: list[IndexNode] | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(callback_manager, object_map, objects, verbose)
        if isinstance(similarity_top_k, bool) or not isinstance(similarity_top_k, int) or similarity_top_k < 1:
            message = f"similarity_top_k must be a whole number of at least 1, but got {similarity_top_k!r}"
            raise RetrievalError(message, code="bad_top_k")
        self.index = index
        self.similarity_top_k = similarity_top_k
        self.where = where
        self.image_root = None if image_root is None else str(image_root)
        self._nodes: dict[str, BaseNode] = {}  # as they were added; the index holds what can be stored

    @classmethod
    def from_nodes(
        cls,
        nodes: Iterable[BaseNode] = (),
        *,
        model: str | Path = "mini",
        pretrained: str | None = None,
        device: str | None = None,
        dtype: str = "float32",
        index: str = "Flat",
        similarity_top_k: int = 10,
        image_root: str | Path | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> ClipFaissRetriever:
        """A retriever over nodes; `index` is a FAISS factory string, for the rest see `OpenClipEmbedding`."""
        encoder = shared_encoder(str(model), pretrained, device, dtype)
        retriever = cls(
            retrieval.ClipFaissRetriever(encoder, index),
            similarity_top_k=similarity_top_k,
            image_root=image_root,
            callback_manager=callback_manager,
        )
        retriever.add_nodes(list(nodes))
        return retriever

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        device: str | None = None,
        similarity_top_k: int = 10,
        where: Where | None = None,
        image_root: str | Path | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> ClipFaissRetriever:
        """Read what `save` wrote, or the library's own retriever; only from folders that you trust.

        Raises:
            IndexMismatch: not such a folder, or not whole.
        """
        return cls(
            retrieval.ClipFaissRetriever.load(folder, device=device),
            similarity_top_k=similarity_top_k,
            where=where,
            image_root=image_root,
            callback_manager=callback_manager,
        )

    def save(self, folder: str | Path) -> None:
        """Write index, texts, metadata and images in memory to a folder; paths are kept as paths."""
        self.index.save(folder)

    def add_nodes(self, nodes: Sequence[BaseNode], *, replace: bool = False) -> AddReport:
        """Index nodes; those with unreadable images are skipped, and the report says why.

        Raises:
            DocumentError: code `duplicate_id`, unless `replace`; metadata that JSON cannot hold.
        """
        reader = NodeReader(self.image_root)
        skipped: list[Skipped] = []
        documents: list[Document] = []
        for node, read in zip(nodes, reader.read_all(nodes, [node.node_id for node in nodes]), strict=True):
            if isinstance(read, Document):
                documents.append(replace_fields(read, metadata=node.metadata))
            else:
                skipped.append(Skipped(node.node_id, read.code, str(read)))
        report = self.index.add(documents, replace=replace, progress=False)
        skipped += report.skipped
        left_out = {one.id for one in skipped}
        self._nodes |= {node.node_id: node for node in nodes if node.node_id not in left_out}
        return AddReport(report.added, tuple(skipped), report.truncated)

    async def aadd_nodes(self, nodes: Sequence[BaseNode], *, replace: bool = False) -> AddReport:
        """As `add_nodes`, in a thread."""
        return await asyncio.to_thread(self.add_nodes, nodes, replace=replace)

    def nodes(self) -> list[BaseNode]:
        """All of the index, in the order of addition."""
        return list(map(self._node, self.index.documents))

    def _node(self, document: Document) -> BaseNode:
        return self._nodes.get(document.id) or to_node(document)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [NodeWithScore(node=self._node(hit.document), score=hit.score) for hit in self._hits(query_bundle)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)

    def _hits(self, query: QueryBundle) -> list[RetrievedDocument]:
        if query.embedding is not None:
            vectors = np.asarray([query.embedding], np.float32)
            return self.index.search_embeddings(vectors, self.similarity_top_k, where=self.where)[0]
        if query.image_path:
            path = confined(query.image_path, self.image_root)
            image = Document(image=path, id="query", root=self.image_root).load_image()
            return self.index.search(image, self.similarity_top_k, where=self.where)
        return self.index.search(query.query_str, self.similarity_top_k, where=self.where)
