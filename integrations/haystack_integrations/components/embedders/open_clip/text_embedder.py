"""OpenClipTextEmbedder: the vector of a query, in the space of images."""

import asyncio
from pathlib import Path
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.utils import ComponentDevice
from haystack_integrations.common.yofo.checks import device_from_dict, device_to_dict, torch_device

from yofo_rerank.frameworks.encoders import shared_encoder


@component
class OpenClipTextEmbedder:
    """Embeds a text with an open_clip model; vectors have length 1, so their inner product is the cosine similarity.

        OpenClipTextEmbedder(model="ViT-B-32", pretrained="laion2b_s34b_b79k").run(text="a blue dress")["embedding"]

    Args:
        model: "mini" (embedded), a folder, `hf-hub:owner/name`, or a name that open_clip knows.
        pretrained: the tag or weight file of such a name.
        device: None = cuda where available, else cpu.
        dtype: "float32" or "bfloat16".
        prefix: put before every text.
        suffix: put after it.
    """

    def __init__(
        self,
        *,
        model: str | Path = "mini",
        pretrained: str | None = None,
        device: ComponentDevice | None = None,
        dtype: str = "float32",
        prefix: str = "",
        suffix: str = "",
    ) -> None:
        self.model = str(model)
        self.pretrained = pretrained
        self.device = device
        self.dtype = dtype
        self.prefix = prefix
        self.suffix = suffix
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
            prefix=self.prefix,
            suffix=self.suffix,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenClipTextEmbedder":
        """The component of such data."""
        parameters = dict(data.get("init_parameters", {}))
        parameters["device"] = device_from_dict(parameters.get("device"))
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        """The `embedding` of a text; of one longer than the model reads only the beginning counts, and a log says so.

        Raises:
            ValueError: something else than a text.
            ModelError: the model cannot be loaded.
        """
        if not isinstance(text, str):
            message = f"OpenClipTextEmbedder embeds one text, but got {type(text).__name__}"
            raise ValueError(f"{message}; documents go to OpenClipDocumentImageEmbedder")  # noqa: TRY004  # Haystack's way
        return {"embedding": self._encoder.encode_texts([self.prefix + text + self.suffix])[0].tolist()}

    @component.output_types(embedding=list[float])
    async def run_async(self, text: str) -> dict[str, list[float]]:
        """As `run`, in a thread."""
        return await asyncio.to_thread(self.run, text)

    def _get_telemetry_data(self) -> dict[str, Any]:
        return {"model": "mini" if self.model == "mini" else "other"}
