"""What a document holds, as bytes to tell it apart by, and the id that it gets when it is given none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.images import DEFAULT_LIMITS, ImageSource, is_data_uri
from yofo_rerank.pdf import PdfPage
from yofo_rerank.plain_inputs import plain_image

MAX_IMAGES = 64  # of a document; how many fit also depends on their tokens
MAX_NAME = 400  # characters of a path that serves as an id; what is longer is more likely content


def default_id(images: Sequence[ImageSource], text: str | None) -> str:
    """The path of one image's file, with a few digits of its text's digest; else 128 bits of SHA-256 over the content.

    >>> default_id(["photos/1.jpg"], None), default_id(["photos/1.jpg"], "a grey skirt")
    ('photos/1.jpg', 'photos/1.jpg#7fd68dd2')

    Raises:
        ImageError: a PIL image that cannot be read.
    """
    digest = _digest(images, text)
    name = (image_name(images[0]) or "") if len(images) == 1 else ""
    name = name.encode(errors="backslashreplace").decode()
    if not 0 < len(name) <= MAX_NAME:
        return digest
    return name if text is None else f"{name}#{digest[:8]}"


def image_name(image: object) -> str | None:
    """The path that names an image, of a PDF with its page; None for one in memory.

    >>> image_name("photos/1.jpg"), image_name(PdfPage("shop.pdf", 2)), image_name(b"...")
    ('photos/1.jpg', 'shop.pdf#page=2', None)
    """
    file = image.file if isinstance(image, PdfPage) else image
    return str(image) if isinstance(file, str | Path) and not is_data_uri(file) else None


def _digest(images: Sequence[ImageSource], text: str | None) -> str:
    # length-prefixed parts: 30 x 100 and 100 x 30 pixels differ, and so do modes
    digest = hashlib.sha256()
    parts = [part for image in images for part in image_parts(image)] or [b"none"]
    for part in (*parts, b"text" if text is not None else b"", (text or "").encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]


def image_parts(image: ImageSource) -> tuple[bytes, ...]:
    """The image's kind and content as bytes; of a file its path alone.

    Raises:
        ImageError: a PIL image that cannot be read.
    """
    if isinstance(image, PdfPage):
        return (b"page", str(image.number).encode(), *image_parts(image.file))
    if isinstance(image, bytes):
        return (b"bytes", image)
    if isinstance(image, str | Path):
        return (b"path", str(image).encode(errors="surrogatepass"))
    if image.width * image.height > DEFAULT_LIMITS.max_pixels:  # an opened, not yet decoded bomb must stay undecoded
        got = f"{image.width} x {image.height}"
        raise ImageError(f"a PIL image of {got} pixels is too large to digest: give it an id", code="too_many_pixels")
    try:
        pixels = image.tobytes()
        palette = image.getpalette("RGB") or ()
    except MemoryError as error:
        raise ImageError("not enough memory to digest the PIL image: give it an id", code="oom") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(
            "the PIL image is truncated or damaged: it has no pixels to digest", code="truncated"
        ) from error
    seen_as = repr((image.mode, image.size, image.info.get("transparency"), image.getexif().get(0x0112)))  # orientation
    return (b"pil", seen_as.encode(), bytes(palette), pixels)


def all_images(image: Any, images: Any) -> tuple[ImageSource, ...]:
    """What `Document.images` holds, of the one or the several that were given.

    Raises:
        DocumentError: both, and they differ; too many (`too_many_images`); or something that is no image.
    """
    if isinstance(images, str | bytes | Mapping) or not isinstance(images, Iterable):
        raise DocumentError(
            f"images must be a list, but got {type(images).__name__}; wanted image=... for a single one"
        )
    several, single = tuple(plain_image(one) for one in images), plain_image(image)
    if single is not None and several and not (single is several[0] or _is_same(single, several[0])):
        raise DocumentError("got image and images, which differ; wanted one of the two")
    found = several or (() if single is None else (single,))
    if len(found) > MAX_IMAGES:
        raise DocumentError(f"got {len(found)} images, wanted at most {MAX_IMAGES}", code="too_many_images")
    for one in found:
        if not isinstance(one, str | Path | bytes | Image.Image | PdfPage):
            wanted = "a path, bytes, a PDF page, a PIL image or an array"
            raise DocumentError(f"image must be {wanted}, but got {type(one).__name__}")
        if isinstance(one, str | bytes) and not one:
            raise DocumentError(f"image must not be empty, but got {one!r}")
    return found


def _is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and not isinstance(one, Image.Image) and one == other
