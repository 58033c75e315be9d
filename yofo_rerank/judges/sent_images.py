"""A document as it is sent to a server: its image made small first."""

from __future__ import annotations

import base64
import io
import math

from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.judges.dialects import Picture, Shown

JPEG_QUALITY = 95


def show(document: Document, max_pixels: int) -> Shown:
    """The document's text, and its upright image as it is (PNG), or, where it has more pixels, smaller (JPEG).

    >>> show(Document(image=Image.new("RGB", (8, 6))), max_pixels=100).images[0].mime
    'image/png'

    Raises:
        ImageError: the image cannot be read safely.
    """
    image = document.load_image(max_pixels=max_pixels)
    return Shown(() if image is None else (_encode(image, max_pixels),), document.text)


def _encode(image: Image.Image, max_pixels: int) -> Picture:
    scale = math.sqrt(max_pixels / (image.width * image.height))
    file = io.BytesIO()
    if scale >= 1:
        image.save(file, "PNG", compress_level=1)
        return Picture(base64.b64encode(file.getvalue()).decode("ascii"))
    size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    image.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=JPEG_QUALITY)
    return Picture(base64.b64encode(file.getvalue()).decode("ascii"), "image/jpeg")
