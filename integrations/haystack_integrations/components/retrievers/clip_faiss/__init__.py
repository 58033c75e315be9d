"""ClipFaissRetriever finds documents in an index folder that `yofo index` wrote."""

from yofo_rerank.extras import require

require("haystack", extra="haystack")

from haystack_integrations.components.retrievers.clip_faiss.retriever import ClipFaissRetriever  # noqa: E402

__all__ = ["ClipFaissRetriever"]
