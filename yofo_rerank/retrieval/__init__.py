"""The first stage: an open_clip encoder, a FAISS index, and the retriever over both."""

from yofo_rerank.retrieval.encoder import ClipEncoder, Encoder
from yofo_rerank.retrieval.facets import FacetReport, Facets
from yofo_rerank.retrieval.index import VectorIndex
from yofo_rerank.retrieval.results import AddReport, RetrievedDocument, Skipped
from yofo_rerank.retrieval.retriever import ClipFaissRetriever

__all__ = [
    "AddReport",
    "ClipEncoder",
    "ClipFaissRetriever",
    "Encoder",
    "FacetReport",
    "Facets",
    "RetrievedDocument",
    "Skipped",
    "VectorIndex",
]
