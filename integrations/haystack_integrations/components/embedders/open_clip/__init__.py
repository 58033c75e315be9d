"""Embedders for texts and for documents with images, with any open_clip model."""

from yofo_rerank.extras import require

require("haystack", extra="haystack")

from haystack_integrations.components.embedders.open_clip.document_image_embedder import OpenClipDocumentImageEmbedder  # noqa: E402
from haystack_integrations.components.embedders.open_clip.text_embedder import OpenClipTextEmbedder  # noqa: E402

__all__ = ["OpenClipDocumentImageEmbedder", "OpenClipTextEmbedder"]
