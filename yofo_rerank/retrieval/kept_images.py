"""Images that existed in memory only, kept in an index folder as files named by their digest."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image

from yofo_rerank.documents import Document, load_image
from yofo_rerank.images import DEFAULT_LIMITS, ImageSource, is_data_uri
from yofo_rerank.pdf import PdfPage
from yofo_rerank.retrieval.files import replace
from yofo_rerank.retrieval.generations import IMAGES
from yofo_rerank.retrieval.manifest import POINTER

NAME = re.compile(r"[0-9a-f]{64}\.(png|jpg|webp|bin)")
FIRST_LAYOUT = "images"  # where version 1 kept them; read, never written or deleted

_SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}


def keep_image(document: Document, folder: Path, page: int = 0) -> str | None:
    """The name of a document's image in the index folder; None for a file of the user's.

    Raises:
        ImageError: it cannot be read.
    """
    image = document.images[page]
    path = image_path(image)
    if isinstance(image, bytes):
        data = image
    elif path is not None:
        if document.root is not None or not _is_kept(Path(path)):
            return None  # the user's own file: its path is enough
        data = document.image_bytes(page=page) or b""  # kept by an index saved before
    else:
        picture = load_image(image, name=document.name_of(page))
        data = _encoded(picture, format="PNG")
        if len(data) > DEFAULT_LIMITS.max_bytes:  # it could not be loaded again
            data = _encoded(picture, format="JPEG", quality=95)
    suffix = next((suffix for magic, suffix in _SUFFIXES.items() if data.startswith(magic)), ".bin")
    name = hashlib.sha256(data).hexdigest() + suffix
    if not _is_whole(folder / IMAGES / name, data):
        replace(folder / IMAGES / name, lambda put: put(data))
    return name


def image_path(image: ImageSource) -> str | None:
    """The path of an image's file, or of the PDF that it is a page of; None for one in memory."""
    file = image.file if isinstance(image, PdfPage) else image
    return str(file) if isinstance(file, str | Path) and not is_data_uri(file) else None


def kept_path(name: str, folder: Path, version: int) -> Path:
    """Where `keep_image` put it.

    Raises:
        ValueError: no name that it gives.
    """
    if not NAME.fullmatch(name):
        raise ValueError(name)
    return folder.resolve() / (FIRST_LAYOUT if version == 1 else IMAGES) / name


def _is_kept(path: Path) -> bool:
    in_place = NAME.fullmatch(path.name) and path.parent.name in (IMAGES, FIRST_LAYOUT)
    return bool(in_place) and (path.parent.parent / POINTER).is_file()


def _is_whole(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _encoded(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    return buffer.getvalue()
