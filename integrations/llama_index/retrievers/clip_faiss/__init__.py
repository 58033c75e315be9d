"""ClipFaissRetriever: nodes found by the similarity of their CLIP vectors to the query's, with or without captions."""

from yofo_rerank.extras import require

require("llama_index.core", extra="llama-index")

from llama_index.retrievers.clip_faiss.base import ClipFaissRetriever  # noqa: E402  # after a clear word on what is missing

__all__ = ["ClipFaissRetriever"]
