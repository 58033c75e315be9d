"""What a document holds, as bytes to tell it apart by, and the id that it gets when it is given none."""

from __future__ import annotations

import hashlib
from pathlib import Path

from yofo_rerank.errors import ImageError
from yofo_rerank.images import DEFAULT_LIMITS, ImageSource, is_data_uri

MAX_NAME = 400  # characters of a path that serves as an id; what is longer is more likely content


def default_id(image: ImageSource | None, text: str | None) -> str:
    """The path of a file, with a few digits of its text's digest; else 128 bits of SHA-256 over the content.

    >>> default_id("photos/1.jpg", None), default_id("photos/1.jpg", "a grey skirt")
    ('photos/1.jpg', 'photos/1.jpg#7fd68dd2')

    Raises:
        ImageError: a PIL image that cannot be read.
    """
    digest = _digest(image, text)
    name = str(image).encode(errors="backslashreplace").decode() if is_path(image) else ""
    if not 0 < len(name) <= MAX_NAME:
        return digest
    return name if text is None else f"{name}#{digest[:8]}"


def is_path(image: object) -> bool:
    """Whether an image is named by its path."""
    return isinstance(image, str | Path) and not is_data_uri(image)


def _digest(image: ImageSource | None, text: str | None) -> str:
    # length-prefixed parts: 30 x 100 and 100 x 30 pixels differ, and so do modes
    digest = hashlib.sha256()
    for part in (*image_parts(image), b"text" if text is not None else b"", (text or "").encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]


def image_parts(image: ImageSource | None) -> tuple[bytes, ...]:
    """The image's kind and content as bytes; of a file its path alone.

    Raises:
        ImageError: a PIL image that cannot be read.
    """
    if image is None:
        return (b"none",)
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
