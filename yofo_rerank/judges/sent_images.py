"""A document as it is sent to a server: its images made small first."""

from __future__ import annotations

import base64
import io
import math

from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.judges.dialects import Picture, Shown

JPEG_QUALITY = 95


def show(document: Document, max_pixels: int) -> Shown:
    """The document's text, and its upright images as they are (PNG), or, where they have more pixels, smaller (JPEG).

    >>> show(Document(image=Image.new("RGB", (8, 6))), max_pixels=100).images[0].mime
    'image/png'

    Raises:
        ImageError: the image cannot be read safely.
    """
    views = (document.load_image(max_pixels=max_pixels, page=page) for page in range(len(document.images)))
    return Shown(tuple(_encode(image, max_pixels) for image in views if image is not None), document.text)


def _encode(image: Image.Image, max_pixels: int) -> Picture:
    scale = math.sqrt(max_pixels / (image.width * image.height))
    file = io.BytesIO()
    if scale >= 1:
        image.save(file, "PNG", compress_level=1)
        return Picture(base64.b64encode(file.getvalue()).decode("ascii"))
    size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    image.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=JPEG_QUALITY)
    return Picture(base64.b64encode(file.getvalue()).decode("ascii"), "image/jpeg")
