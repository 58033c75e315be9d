"""Images in the forms that people have at hand, as one of the forms that are read."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from yofo_rerank.errors import DocumentError

if TYPE_CHECKING:
    import numpy as np

PICTURE_SUFFIXES = frozenset(
    [".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".tif", ".tiff", ".webp"]
)  # files that hold a picture by their name, whether it can be read or not
_MAX_PATH = 4096  # characters


def plain_image(value: Any) -> Any:
    """A buffer as bytes, an array as a PIL image, anything else as it is.

    >>> plain_image(io.BytesIO(b"..."))
    b'...'

    Raises:
        DocumentError: an array that is no picture of 8 bits.
    """
    if isinstance(value, io.BytesIO):
        return value.getvalue()
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return _from_array(value) if is_array(value) else value


def is_array(value: object) -> bool:
    """Whether it is a NumPy array; numpy is not imported for it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_single(value: object) -> bool:
    """Whether it is one image or one document rather than a sequence of them, although one can go through it."""
    kinds = (str, bytes, bytearray, memoryview, dict, Path, io.IOBase, Image.Image)
    return isinstance(value, kinds) or (is_array(value) and value.ndim < 4)  # type: ignore[attr-defined]


def check_text(text: str) -> None:
    """Refuse a text that is a picture's name or content: whether the words or the picture were meant is not guessed.

    Raises:
        DocumentError: it names an image file that exists, or is a `data:` URI of an image.
    """
    if text[:11].lower() == "data:image/":
        message = "got a text that is an image as a data URI"
        raise DocumentError(f"{message}; wanted Document(image=...) for the picture, Document(text=...) for the words")
    if _names_picture(text):
        message = f"got the text {text[:200]!r}, which names an image file"
        wanted = f"wanted Path({text[:200]!r}) for the picture, Document(text=...) for the words"
        raise DocumentError(f"{message}; {wanted}")


def _names_picture(text: str) -> bool:
    if len(text) > _MAX_PATH or not text.lower().endswith(tuple(PICTURE_SUFFIXES)):
        return False
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _from_array(array: np.ndarray) -> Image.Image:
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != "uint8" or not is_picture:
        got = f"an array of {array.dtype} and shape {array.shape}"
        raise DocumentError(f"image: got {got}, wanted uint8 and (height, width), (height, width, 3) or (..., 4)")
    return Image.fromarray(array).copy()  # the caller's array may change
