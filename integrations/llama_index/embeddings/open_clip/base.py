"""OpenClipEmbedding, for `VectorStoreIndex`, `MultiModalVectorStoreIndex` and whatever else takes an embedding."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_validator
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.schema import ImageType
from PIL.Image import Image

from yofo_rerank.frameworks.encoders import SharedEncoder
from yofo_rerank.frameworks.paths import confined
from yofo_rerank.images import ImageLimits, load_image


class OpenClipEmbedding(MultiModalEmbedding):
    """Embeds texts and images with an open_clip model, loaded at first use and shared between equal settings.

        embedding = OpenClipEmbedding(model_name="ViT-B-32", pretrained="laion2b_s34b_b79k")
        embedding.get_image_embedding("photos/1.jpg")

    Vectors have length 1. `model_name` is "mini" (embedded), a folder, `hf-hub:owner/name`, or a name that open_clip
    knows, which also needs `pretrained`. Images are paths or `BytesIO`; addresses are not fetched.
    """

    model_name: str = Field(default="mini", description="'mini', a folder, hf-hub:owner/name or an open_clip name.")
    pretrained: str | None = Field(default=None, description="A tag of open_clip's, or a weight file.")
    device: str | None = Field(default=None, description="None: cuda where available, else cpu.")
    dtype: Literal["float32", "bfloat16"] = Field(default="float32", description="Of the model; vectors are float32.")
    embed_batch_size: int = Field(default=32, gt=0, le=2048, description="Texts or images in one call.")
    image_root: str | None = Field(default=None, description="Folder that no image path may leave.")

    _held: SharedEncoder = PrivateAttr(default_factory=SharedEncoder)

    @classmethod
    def class_name(cls) -> str:
        """The name in serialized data."""
        return "OpenClipEmbedding"

    @field_validator("model_name", "image_root", mode="before")
    @classmethod
    def _path_becomes_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self._encoder().encode_texts(texts).tolist()

    def _get_text_embedding(self, text: str) -> Embedding:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embedding(query)

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return self._encoder().encode_images(list(map(self._load, img_file_paths))).tolist()

    def _load(self, image: ImageType) -> Image:
        if isinstance(image, BytesIO):
            return load_image(image)
        root = None if self.image_root is None else Path(self.image_root)
        return load_image(confined(image, root), ImageLimits(root=root))

    def _get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return self._get_image_embeddings([img_file_path])[0]

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return await asyncio.to_thread(self._get_image_embedding, img_file_path)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_image_embeddings, img_file_paths)

    def _encoder(self) -> Any:
        return self._held.get(self.model_name, self.pretrained, self.device, self.dtype)
