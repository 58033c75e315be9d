"""Document: the thing that is ranked: an image, a text, or both. Imports neither torch nor pydantic."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.images import DEFAULT_LIMITS, ImageLimits, ImageSource, is_data_uri, load_image, read_regular_file

__all__ = ["Document", "ImageLimits", "load_folder", "load_image"]

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_CAPTION_BYTES = 64 * 1024
MAX_METADATA_DEPTH = 32
MAX_INTEGER_BITS = 4096  # 1,234 digits; Python reads and writes none of more than 4,300


@dataclass(frozen=True)
class Document:
    """An image (path, bytes of a file, base64 `data:` URI or PIL image), a text, or both; frozen.

    The image is opened only by `load_image`, so a document with an unreadable image can be made, and fails when judged.

    >>> document = Document(text="grey skirt", id="7", metadata={"price": 20})
    >>> document.to_dict()
    {'id': '7', 'text': 'grey skirt', 'image': None, 'metadata': {'price': 20}}
    >>> Document(text="grey skirt").id == Document(text="grey skirt").id
    True

    Args:
        image: never changed; a PIL image must not be changed by the caller either.
        text: a blank one counts as none.
        id: default: a digest of the content (of the path, not of the file, for paths).
        metadata: JSON types; copied.

    Raises:
        DocumentError: neither image nor text, or a value of the wrong type.
        ImageError: no id given, and a PIL image that cannot be read to make one.
    """

    image: ImageSource | None = field(default=None, repr=False)
    text: str | None = None
    id: str = field(default=None, kw_only=True)  # type: ignore[assignment]  # filled in below, so always a str
    metadata: dict[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        _check_types(self.image, self.text, self.id, self.metadata)
        if self.text is not None and not self.text.strip():
            object.__setattr__(self, "text", None)
        if self.image is None and self.text is None:
            raise DocumentError("a document needs an image or a text, but got neither")
        object.__setattr__(self, "metadata", _json_copy(self.metadata, "metadata"))
        if self.id is None:
            object.__setattr__(self, "id", _digest(self.image, self.text))

    def __hash__(self) -> int:
        return hash(self.id)

    def load_image(self, limits: ImageLimits | None = None) -> Image.Image | None:
        """The image as a new, upright RGB picture, or None without one.

        >>> Document(image=Image.new("RGBA", (8, 6))).load_image().mode
        'RGB'

        Raises:
            ImageError: it cannot be read safely; see `yofo_rerank.images` for the codes.
        """
        if self.image is None:
            return None
        return load_image(self.image, limits or DEFAULT_LIMITS, name=f"document {self.id[:80]!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: id, text, path of the image (None for one in memory) and metadata."""
        is_path = isinstance(self.image, str | Path) and not is_data_uri(self.image)
        return {
            "id": self.id,
            "text": self.text,
            "image": str(self.image) if is_path else None,
            "metadata": _json_copy(self.metadata, "metadata"),
        }


def load_folder(folder: str | Path) -> Iterator[Document]:
    """The images of a folder and its subfolders as documents, sorted, one at a time: nothing is opened here.

    The id is the path inside the folder (`tops/12.png`); a file `12.txt` beside `12.png` becomes the document's text.
    Hidden files and linked folders are left out, and so is a folder that may not be read, with a warning.

    Raises:
        DocumentError: the folder is not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DocumentError(f"{str(folder)!r} is not a folder", code="missing")
    return (
        Document(
            image=path, text=_caption(path), id=os.fsencode(path.relative_to(root).as_posix()).decode(errors="replace")
        )
        for path in _image_paths(root)
    )


def _image_paths(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            visible = sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name)
    except OSError as error:
        logger.warning("folder %r is left out: %s", str(folder), error.strerror)
        return
    for entry in visible:
        if entry.is_dir(follow_symlinks=False):
            yield from _image_paths(Path(entry.path))
        elif entry.name.lower().endswith(IMAGE_SUFFIXES) and entry.is_file():
            yield Path(entry.path)


def _caption(image_path: Path) -> str | None:
    path = image_path.with_suffix(".txt")
    try:
        return read_regular_file(path, max_bytes=MAX_CAPTION_BYTES, name="caption").decode(errors="replace").strip()
    except ImageError as error:
        if error.code != "missing":
            logger.warning("%s; the image is taken without a caption", error)
        return None


def _check_types(image: object, text: object, id_: object, metadata: object) -> None:
    if image is not None and not isinstance(image, str | Path | bytes | Image.Image):
        raise DocumentError(f"image must be a path, bytes or a PIL image, but got {type(image).__name__}")
    if isinstance(image, str | bytes) and not image:
        raise DocumentError(f"image must not be empty, but got {image!r}")
    if text is not None and not isinstance(text, str):
        raise DocumentError(f"text must be a str, but got {type(text).__name__}")
    if id_ is not None and (not isinstance(id_, str) or not id_):
        raise DocumentError(f"id must be a non-empty str, but got {id_!r}")
    if not isinstance(metadata, Mapping):
        raise DocumentError(f"metadata must be a dict, but got {type(metadata).__name__}")
    if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
        raise DocumentError("text holds half a surrogate pair, which no tokenizer accepts; wanted valid Unicode")


def _json_copy(value: Any, where: str, depth: int = 0) -> Any:
    """A deep copy in JSON types (a tuple becomes a list)."""
    if depth > MAX_METADATA_DEPTH:
        raise DocumentError(f"metadata is nested deeper than {MAX_METADATA_DEPTH} levels, or holds itself")
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise DocumentError(
            f"{where} is an integer of {value.bit_length():,} bits, wanted at most {MAX_INTEGER_BITS:,}"
        )
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_json_copy(item, f"{where}[{position}]", depth + 1) for position, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise DocumentError(f"{where} must have str keys, but got one of type {type(key).__name__}")
        return {key: _json_copy(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
    raise DocumentError(f"{where} must be JSON-able (str, number, bool, None, list, dict), got {type(value).__name__}")


def _digest(image: ImageSource | None, text: str | None) -> str:
    """First 128 bits of SHA-256 over length-prefixed parts: 30 x 100 and 100 x 30 pixels differ, and so do modes."""
    digest = hashlib.sha256()
    for part in (*_image_parts(image), b"text" if text is not None else b"", (text or "").encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]


def _image_parts(image: ImageSource | None) -> tuple[bytes, ...]:
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
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(
            "the PIL image is truncated or damaged: it has no pixels to digest", code="truncated"
        ) from error
    seen_as = repr((image.mode, image.size, image.info.get("transparency"), image.getexif().get(0x0112)))  # orientation
    return (b"pil", seen_as.encode(), bytes(palette), pixels)
