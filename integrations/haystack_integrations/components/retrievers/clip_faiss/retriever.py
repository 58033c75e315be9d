"""ClipFaissRetriever: the candidates for a query's vector, from a FAISS index of CLIP vectors."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
from haystack import Document, component, default_from_dict, default_to_dict
from haystack.utils import ComponentDevice
from haystack.utils.filters import document_matches_filter
from haystack_integrations.common.yofo.checks import check_top_k, device_from_dict, device_to_dict, torch_device
from haystack_integrations.common.yofo.documents import to_meta

from yofo_rerank import Document as YofoDocument
from yofo_rerank.frameworks.encoders import shared_encoder
from yofo_rerank.retrieval import ClipFaissRetriever as YofoClipFaissRetriever
from yofo_rerank.retrieval.storage import read_manifest

WIDER = 10  # a filtered search looks this many times further while it has found too little


@component
class ClipFaissRetriever:
    """Finds the documents nearest to a vector in an index folder, made by `yofo index photos --out photos.index`.

    Images need no captions to be found. Scores are cosine similarities: higher is better.

        retriever = ClipFaissRetriever(index_path="photos.index", top_k=100)
        retriever.run(query_embedding=OpenClipTextEmbedder().run(text="a blue dress")["embedding"])["documents"]

    The vector must come from the model that made the index. Only open folders that you trust as much as a program.

    Args:
        index_path: the folder; it is read at the first use.
        top_k: documents to return.
        filters: Haystack's own, over the documents' meta.
        where: only documents that are known to meet these facets of the index (made by `yofo facets`): a requirement, a
            list of them, or conditions by requirement such as `{"pink": False, "hooded": 0.9}`.
        device: of the encoder that the index names, None = cuda where available, else cpu.
        file_path_meta_field: the meta field that will name the image.
    """

    def __init__(
        self,
        *,
        index_path: str | Path,
        top_k: int = 10,
        filters: dict[str, Any] | None = None,
        where: str | list[str] | dict[str, bool | float] | None = None,
        device: ComponentDevice | None = None,
        file_path_meta_field: str = "file_path",
    ) -> None:
        if top_k is None:
            raise ValueError("top_k must be a whole number of at least 1, but got None")
        self.index_path = str(index_path)
        self.top_k = check_top_k(top_k)
        self.filters = filters
        self.where = where
        self.device = device
        self.file_path_meta_field = file_path_meta_field
        self._device = torch_device(device)
        self._retriever: YofoClipFaissRetriever | None = None
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Read the index and load the model that made it, unless that is done already."""
        self._index()

    async def warm_up_async(self) -> None:
        """As `warm_up`, in a thread."""
        await asyncio.to_thread(self.warm_up)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return default_to_dict(
            self,
            index_path=self.index_path,
            top_k=self.top_k,
            filters=self.filters,
            where=self.where,
            device=device_to_dict(self.device),
            file_path_meta_field=self.file_path_meta_field,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ClipFaissRetriever":
        """The component of such data."""
        parameters = dict(data.get("init_parameters", {}))
        parameters["device"] = device_from_dict(parameters.get("device"))
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    @component.output_types(documents=list[Document])
    def run(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
        where: str | list[str] | dict[str, bool | float] | None = None,
    ) -> dict[str, list[Document]]:
        """The nearest `documents`, best first.

        Args:
            query_embedding: of a text or an image.
            filters: replace the component's own.
            top_k: replaces the component's own.
            where: replaces the component's own.

        Raises:
            RetrievalError: a vector of another length, or not of finite numbers; a ValueError.
            IndexMismatch: the folder holds no index, or a damaged one.
        """
        limit = self.top_k if top_k is None else check_top_k(top_k)
        wanted = self.filters if filters is None else filters
        return {"documents": self._search(query_embedding, limit, wanted, self.where if where is None else where)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
        where: str | list[str] | dict[str, bool | float] | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`, in a thread."""
        return await asyncio.to_thread(self.run, query_embedding, filters, top_k, where)

    def _search(
        self,
        vector: list[float],
        limit: int,
        filters: dict[str, Any] | None,
        where: str | list[str] | dict[str, bool | float] | None,
    ) -> list[Document]:
        index = self._index()
        reach = limit
        while True:  # filters are applied to what is found, so a filtered search may have to look further
            hits = index.search_embeddings(np.asarray([vector], np.float32), reach, where=where)[0]
            documents = (self._document(hit.document, hit.score) for hit in hits)
            found = [document for document in documents if not filters or document_matches_filter(filters, document)]
            if not filters or len(found) >= limit or reach >= len(index):
                return found[:limit]
            reach *= WIDER

    def _document(self, document: YofoDocument, score: float) -> Document:
        meta = dict(document.metadata)
        meta |= to_meta(document, self.file_path_meta_field)
        return Document(id=document.id, content=document.text, meta=meta, score=score)

    def _index(self) -> YofoClipFaissRetriever:
        with self._lock:
            if self._retriever is None:
                folder = Path(self.index_path)
                manifest = read_manifest(folder)
                encoder = shared_encoder(manifest.model, manifest.pretrained, self._device, "float32")
                self._retriever = YofoClipFaissRetriever.load(folder, encoder)
            return self._retriever

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_retriever": None, "_lock": None}  # a copy reads the folder for itself

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def _get_telemetry_data(self) -> dict[str, Any]:
        return {}
