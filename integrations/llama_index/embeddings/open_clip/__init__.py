"""OpenClipEmbedding: texts and images into one space, with any open_clip model."""

from yofo_rerank.extras import require

require("llama_index.core", extra="llama-index")

from llama_index.embeddings.open_clip.base import OpenClipEmbedding  # noqa: E402  # after a clear word on what is missing

__all__ = ["OpenClipEmbedding"]
