"""OpenClipDocumentImageEmbedder: vectors of documents, from their images."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from haystack import Document, component, default_from_dict, default_to_dict, logging
from haystack.utils import ComponentDevice
from haystack_integrations.common.yofo.checks import device_from_dict, device_to_dict, torch_device
from haystack_integrations.common.yofo.documents import DocumentReader
from PIL.Image import Image

from yofo_rerank.errors import DocumentError
from yofo_rerank.frameworks.encoders import shared_encoder
from yofo_rerank.retrieval.encoding import mean_views

logger = logging.getLogger(__name__)

OnError = Literal["raise", "skip"]


@component
class OpenClipDocumentImageEmbedder:
    """Embeds documents with an open_clip model: by their image, or by their text where there is no image.

    Vectors have length 1. A document's image is its `blob`, else the file that its meta names. Captions are not
    needed, and never stand in for an image that cannot be read.

        embedder = OpenClipDocumentImageEmbedder(model="ViT-B-32", pretrained="laion2b_s34b_b79k", root_path="photos")
        embedder.run(documents=[Document(meta={"file_path": "1.jpg"})])["documents"][0].embedding

    Args:
        model: "mini" (embedded), a folder, `hf-hub:owner/name`, or a name that open_clip knows.
        pretrained: the tag or weight file of such a name.
        device: None = cuda where available, else cpu.
        dtype: "float32" or "bfloat16".
        batch_size: documents opened and encoded at a time.
        file_path_meta_field: the meta field that names the image.
        root_path: folder of the images; no path may leave it. Without it, paths are opened as they are.
        on_error: a document that cannot be embedded raises, or is left out with a warning.
    """

    def __init__(
        self,
        *,
        model: str | Path = "mini",
        pretrained: str | None = None,
        device: ComponentDevice | None = None,
        dtype: str = "float32",
        batch_size: int = 32,
        file_path_meta_field: str = "file_path",
        root_path: str | Path | None = None,
        on_error: OnError = "raise",
    ) -> None:
        if on_error not in get_args(OnError):
            raise ValueError(f"on_error must be one of {', '.join(get_args(OnError))}, but got {on_error!r}")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, but got {batch_size}")
        self.model = str(model)
        self.pretrained = pretrained
        self.device = device
        self.dtype = dtype
        self.batch_size = batch_size
        self.file_path_meta_field = file_path_meta_field
        self.root_path = None if root_path is None else str(root_path)
        self.on_error = on_error
        self._reader = DocumentReader(file_path_meta_field, self.root_path)
        self._encoder = shared_encoder(self.model, pretrained, torch_device(device), dtype)

    def warm_up(self) -> None:
        """Load the model, unless it is loaded already."""
        _ = self._encoder.dim

    async def warm_up_async(self) -> None:
        """As `warm_up`, in a thread."""
        await asyncio.to_thread(self.warm_up)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return default_to_dict(
            self,
            model=self.model,
            pretrained=self.pretrained,
            device=device_to_dict(self.device),
            dtype=self.dtype,
            batch_size=self.batch_size,
            file_path_meta_field=self.file_path_meta_field,
            root_path=self.root_path,
            on_error=self.on_error,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenClipDocumentImageEmbedder":
        """The component of such data."""
        parameters = dict(data.get("init_parameters", {}))
        parameters["device"] = device_from_dict(parameters.get("device"))
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """New documents with their `embedding`, in the order given.

        Raises:
            DocumentError: a document has neither image nor text, or an image that cannot be read (ImageError); both are
                ValueErrors.
            ModelError: the model cannot be loaded.
        """
        batches = (documents[start : start + self.batch_size] for start in range(0, len(documents), self.batch_size))
        return {"documents": [embedded for batch in batches for embedded in self._embed(batch)]}

    @component.output_types(documents=list[Document])
    async def run_async(self, documents: list[Document]) -> dict[str, list[Document]]:
        """As `run`, in a thread: opening and encoding images never hold up the event loop."""
        return await asyncio.to_thread(self.run, documents)

    def _embed(self, documents: list[Document]) -> list[Document]:
        images: dict[int, list[Image]] = {}  # views by place
        texts: dict[int, str] = {}
        for place, document in enumerate(documents):
            try:
                readable = self._reader.read(document)
                views = [readable.load_image(page=page) for page in range(len(readable.images))]
            except DocumentError as error:
                if self.on_error == "raise":
                    raise
                logger.warning("left out: {error}", error=str(error))
                continue
            if views:
                images[place] = [one for one in views if one is not None]
            else:
                texts[place] = readable.text or ""
        flat = [one for some in images.values() for one in some]
        means = mean_views(self._encoder.encode_images(flat), images.values()) if flat else []
        vectors = dict(zip(images, means, strict=True))
        if texts:
            vectors |= dict(zip(texts, self._encoder.encode_texts(list(texts.values())), strict=True))
        return [replace(documents[place], embedding=vectors[place].tolist()) for place in sorted(vectors)]

    def _get_telemetry_data(self) -> dict[str, Any]:
        return {"model": "mini" if self.model == "mini" else "other"}
