"""ClipEncoder: texts and images into one space, with any open_clip model.

Vectors are float32, of length 1, so that their inner product is the cosine similarity.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from yofo_rerank.errors import ModelError
from yofo_rerank.retrieval.loading import PRECISIONS, Loaded, count_tokens, load

if TYPE_CHECKING:
    import torch
    from PIL import Image

logger = logging.getLogger(__name__)

MAX_CHARS = 20_000  # of a text; no model reads as many, and the tokenizer is locked meanwhile

Vectors = NDArray[np.float32]  # (n, dim)
Item = TypeVar("Item")


class Encoder(Protocol):
    """What a retriever asks of an encoder; `ClipEncoder` is one."""

    @property
    def model(self) -> str:
        """What `ClipEncoder(model, pretrained)` would load."""

    @property
    def pretrained(self) -> str | None:
        """See `model`."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Identity of the space that the vectors live in."""

    def too_long(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether only its beginning is read."""

    def encode_texts(self, texts: Sequence[str], *, warn: bool = True) -> Vectors:
        """Vectors of length 1; with `warn`, says so if some texts are too long."""

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Vectors of length 1."""


class ClipEncoder:
    """An open_clip model, loaded at first use; safe to call from several threads.

    `model` is "mini" (embedded), a folder with `open_clip_config.json` and `open_clip_model.safetensors`,
    `hf-hub:owner/name`, or a name that open_clip knows, which also needs `pretrained` (a tag or a weight file).
    "mini" and a folder need no network (unless the folder's configuration names a text model on the hub).

    >>> ClipEncoder("ViT-B-32", "laion2b_s34b_b79k")
    ClipEncoder('ViT-B-32', 'laion2b_s34b_b79k')

    Raises:
        ModelError: at first use, if the model cannot be loaded or its vectors are not finite.
        ValueError: for an unknown dtype or a batch size below 1.
    """

    def __init__(
        self,
        model: str | Path = "mini",
        pretrained: str | None = None,
        *,
        device: str | None = None,
        dtype: str = "float32",
        batch_size: int = 32,
    ) -> None:
        if dtype not in PRECISIONS:
            raise ValueError(f"got dtype {dtype!r}, wanted one of {', '.join(PRECISIONS)}")
        if batch_size < 1:
            raise ValueError(f"got batch_size {batch_size}, wanted 1 or more")
        is_folder = model != "mini" and Path(model).is_dir()
        self.model = str(Path(model).resolve()) if is_folder else str(model)
        self.pretrained = pretrained
        self.batch_size = batch_size
        self._device = device
        self._dtype = dtype
        self._loaded: Loaded | None = None
        self._load_lock = threading.Lock()
        self._tokenizer_lock = threading.Lock()  # Hugging Face's fast tokenizers are not thread-safe

    def __repr__(self) -> str:
        return f"ClipEncoder({self.model!r}, {self.pretrained!r})"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._load().dim

    @property
    def fingerprint(self) -> str:
        """Identity of the vectors' space: a digest of configuration, tokenizer and samples of every weight.

        It does not depend on folder, device or dtype, so an index made on a GPU in bfloat16 serves a CPU.
        """
        return self._load().fingerprint

    @property
    def context_length(self) -> int:
        """Most tokens of a text that the model reads, start and end included."""
        return int(self._load().tokenizer.context_length)

    def too_long(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether the model reads only its beginning."""
        tokenizer = self._load().tokenizer
        with self._tokenizer_lock:
            return [len(text) > MAX_CHARS or count_tokens(tokenizer, text) > self.context_length for text in texts]

    def encode_texts(self, texts: Sequence[str], *, warn: bool = True) -> Vectors:
        """Vectors of texts, (n, dim); logs one warning if some are too long, unless `warn` is False."""
        loaded = self._load()
        n_too_long = sum(self.too_long(texts)) if warn else 0
        if n_too_long:
            message = "%d of %d texts are longer than the %d tokens that %r reads; only their beginning counts"
            logger.warning(message, n_too_long, len(texts), self.context_length, self)

        def encode(batch: Sequence[str]) -> torch.Tensor:
            with self._tokenizer_lock:
                tokens = loaded.tokenizer([text[:MAX_CHARS] for text in batch])
            return loaded.model.encode_text(tokens.to(loaded.device))

        return self._encode(texts, encode, loaded)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Vectors of PIL images, (n, dim)."""
        return self._encode_pixels(images, self.prepare)

    @property
    def enough_pixels(self) -> int:
        """Pixels of an image below which it should not be decoded: twice the sides that the model sees."""
        return 4 * self._load().image_size ** 2

    def prepare(self, image: Image.Image) -> torch.Tensor:
        """What the model sees of an image, (3, side, side); for `encode_prepared`, from any thread."""
        pixels: torch.Tensor = self._load().preprocess(image.convert("RGB"))
        return pixels

    def encode_prepared(self, prepared: Sequence[torch.Tensor]) -> Vectors:
        """Vectors of what `prepare` made, (n, dim)."""
        return self._encode_pixels(prepared, lambda pixels: pixels)

    def _encode_pixels(self, items: Sequence[Item], prepare: Callable[[Item], torch.Tensor]) -> Vectors:
        loaded = self._load()

        def encode(batch: Sequence[Item]) -> torch.Tensor:
            import torch

            pixels = torch.stack([prepare(item) for item in batch])
            return loaded.model.encode_image(pixels.to(loaded.device, loaded.dtype))

        return self._encode(items, encode, loaded)

    def __deepcopy__(self, memo: dict[int, Any]) -> ClipEncoder:
        return self  # nothing of it changes but what is loaded, which is shared

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "_loaded": None,
            "_load_lock": None,
            "_tokenizer_lock": None,
        }  # the copy loads for itself

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _load_lock=threading.Lock(), _tokenizer_lock=threading.Lock())

    def _encode(
        self, items: Sequence[Item], encode: Callable[[Sequence[Item]], torch.Tensor], loaded: Loaded
    ) -> Vectors:
        import torch

        with torch.inference_mode():
            batches = _in_batches(items, self.batch_size, lambda batch: encode(batch).float().cpu().numpy())
        vectors = np.concatenate(batches) if batches else np.zeros((0, loaded.dim), np.float32)
        if not np.isfinite(vectors).all():
            raise ModelError(f"{self!r} gave vectors that are not finite; its weights may be corrupt")
        return normalise(vectors)

    def _load(self) -> Loaded:
        if self._loaded is None:
            with self._load_lock:
                if self._loaded is None:
                    self._loaded = load(self.model, self.pretrained, self._device, self._dtype)
        return self._loaded


def normalise(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays.

    >>> normalise(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)


def _in_batches(
    items: Sequence[Item], size: int, encode: Callable[[Sequence[Item]], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Encode in batches of `size`; out of device memory, halve the batch and go on."""
    import torch

    results: list[NDArray[np.float32]] = []
    start = 0
    while start < len(items):
        try:
            results.append(encode(items[start : start + size]))
        except torch.OutOfMemoryError as error:
            if size == 1:
                raise ModelError("out of device memory with a single item", code="out_of_memory") from error
            size //= 2
            logger.warning("out of device memory: going on with batches of %d", size)
            continue
        start += size
    return results
