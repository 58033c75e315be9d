"""Document: the thing that is ranked: an image, a text, or both. Imports neither torch nor pydantic."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image

from yofo_rerank.content import MAX_NAME, default_id, is_path
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.image_formats import readable_suffixes, unread_reason
from yofo_rerank.images import DEFAULT_LIMITS, ImageLimits, ImageSource, load_image, read_regular_file, read_source
from yofo_rerank.metadata import json_copy
from yofo_rerank.plain_inputs import check_text, is_single, plain_image
from yofo_rerank.shown import brief

if TYPE_CHECKING:
    import io

    import numpy as np

__all__ = ["Document", "DocumentLike", "ImageLimits", "as_document", "as_documents", "load_folder", "load_image"]

logger = logging.getLogger(__name__)

MAX_CAPTION_BYTES = 64 * 1024


@dataclass(frozen=True)
class Document:
    """An image (path, bytes of a file, base64 `data:` URI, PIL image or uint8 array), a text, or both; frozen.

    The image is opened only by `load_image`, so a document with an unreadable image can be made, and fails when judged.

    >>> document = Document(text="grey skirt", id="7", metadata={"price": 20})
    >>> document.to_dict()
    {'id': '7', 'text': 'grey skirt', 'image': None, 'metadata': {'price': 20}}
    >>> Document(text="grey skirt").id == Document(text="grey skirt").id
    True

    Args:
        image: never changed; a PIL image must not be changed by the caller either.
        text: a blank one counts as none.
        id: default: the path of an image in a file (with a digest of the text, if there is one), else a digest of the
            content.
        metadata: JSON types; copied.
        root: folder that the image's path may not leave, whenever it is opened; a relative one starts there.

    Raises:
        DocumentError: neither image nor text, or a value of the wrong type.
        ImageError: no id given, and a PIL image that cannot be read to make one.
    """

    image: ImageSource | None = None
    text: str | None = None
    id: str = field(default=None, kw_only=True)  # type: ignore[assignment]  # filled in below, so always a str
    metadata: dict[str, Any] = field(default_factory=dict, kw_only=True)
    root: str | Path | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "image", plain_image(self.image))
        _check_types(self.image, self.text, self.id, self.metadata)
        if self.text is not None and not self.text.strip():
            object.__setattr__(self, "text", None)
        if self.image is None and self.text is None:
            raise DocumentError("a document needs an image or a text, but got neither")
        object.__setattr__(self, "metadata", json_copy(self.metadata, "metadata"))
        if self.id is None:
            object.__setattr__(self, "id", default_id(self.image, self.text))

    def __hash__(self) -> int:
        return hash(self.id)

    def load_image(self, limits: ImageLimits | None = None, *, max_pixels: int | None = None) -> Image.Image | None:
        """The image as a new, upright RGB picture, or None without one; `max_pixels` as in `images.load_image`.

        >>> Document(image=Image.new("RGBA", (8, 6))).load_image().mode
        'RGB'

        Raises:
            ImageError: it cannot be read safely; see `yofo_rerank.images` for the codes.
        """
        if self.image is None:
            return None
        return load_image(self.image, self._limits(limits), name=self._name, max_pixels=max_pixels)

    def image_bytes(self, limits: ImageLimits | None = None) -> bytes | None:
        """The bytes of the image's file, undecoded; None without an image, or for a PIL image.

        Raises:
            ImageError: it cannot be read safely.
        """
        if self.image is None or isinstance(self.image, Image.Image):
            return None
        return read_source(self.image, self._limits(limits), self._name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: id, text, path of the image (None for one in memory) and metadata."""
        return {
            "id": self.id,
            "text": self.text,
            "image": str(self.image) if is_path(self.image) else None,
            "metadata": json_copy(self.metadata, "metadata"),
        }

    @property
    def _name(self) -> str:
        return f"document {self.id!r}" if len(self.id) <= MAX_NAME else f"document {self.id[:80]!r}"

    def _limits(self, limits: ImageLimits | None) -> ImageLimits:
        limits = limits or DEFAULT_LIMITS
        return limits if self.root is None else replace(limits, root=Path(self.root))

    def __repr__(self) -> str:
        shown = [f"image={_shown(self.image)}"] if self.image is not None else []
        shown += [f"text={self.text!r}"] if self.text is not None else []
        shown += [f"id={self.id!r}"] + ([f"metadata={self.metadata!r}"] if self.metadata else [])
        return f"Document({', '.join(shown)})"


DocumentLike: TypeAlias = "Document | str | Path | bytes | io.BytesIO | Image.Image | np.ndarray | Mapping[str, Any]"


def as_document(value: DocumentLike) -> Document:
    """A document of what people have at hand: a text, an image in any form, or a dict of a document's fields.

    >>> as_document("a grey skirt").text, as_document({"text": "a grey skirt", "id": "7"}).id
    ('a grey skirt', '7')

    Raises:
        DocumentError: nothing of these; a text that names an image file, because it may be either.
    """
    if isinstance(value, Document):
        return value
    if isinstance(value, str):
        check_text(value)
        return Document(text=value)
    if isinstance(value, Mapping):
        known = [one.name for one in fields(Document)]
        unknown = [key for key in value if key not in known]
        if unknown:
            raise DocumentError(f"a document has no {brief(unknown[0])}; wanted some of {', '.join(known)}")
        return Document(**value)
    image = plain_image(value)
    if not isinstance(image, Path | bytes | Image.Image):
        wanted = "a Document, text, path, bytes, PIL image, array or dict"
        raise DocumentError(f"wanted {wanted}, but got {type(value).__name__}")
    return Document(image=image)


def as_documents(values: Iterable[DocumentLike]) -> list[Document]:
    """`as_document` of each; an error names the place.

    Raises:
        DocumentError: one document instead of a list, or something that is none.
    """
    refuse_single(values)
    documents = []
    for place, value in enumerate(values):
        try:
            documents.append(as_document(value))
        except DocumentError as error:
            raise type(error)(f"document {place}: {error}", code=error.code) from error
    return documents


def refuse_single(values: object) -> None:
    """Raise DocumentError for one document instead of a list of them."""
    if isinstance(values, Document) or is_single(values):
        raise DocumentError(f"documents must be a list, but got a single {type(values).__name__}")


def load_folder(folder: str | Path) -> Iterator[Document]:
    """The images of a folder and its subfolders as documents, sorted, one at a time: nothing is opened here.

    The id is the path inside the folder (`tops/12.png`); a file `12.txt` beside `12.png` becomes the document's text,
    unless it is a link that leads out of the folder. Hidden files and linked folders are left out; so are a folder that
    may not be read, and pictures in formats that are not read here: these are logged.

    Raises:
        DocumentError: the folder is not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DocumentError(f"{str(folder)!r} is not a folder", code="missing")
    return _folder_documents(root)


def _folder_documents(root: Path) -> Iterator[Document]:
    suffixes = readable_suffixes()
    left_out: Counter[str] = Counter()
    for path in _files(root):
        name = path.relative_to(root)
        suffix = path.suffix.lower()
        if suffix in suffixes:
            id_ = os.fsencode(name.as_posix()).decode(errors="replace")
            yield Document(image=path, text=_caption(name, root), id=id_)
        elif (reason := unread_reason(suffix)) is not None:
            left_out[f"{suffix} ({reason})"] += 1
    if left_out:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
        logger.warning("%d pictures in %r are left out: %s", left_out.total(), str(root), counts)


def _files(folder: Path) -> Iterator[Path]:
    """Visible files, in the order of their paths; a stack, because folders may be nested deeper than calls."""
    open_folders = [_entries(folder)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.is_dir(follow_symlinks=False):
            open_folders.append(_entries(Path(entry.path)))
        elif entry.is_file():
            yield Path(entry.path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return iter(sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name))
    except OSError as error:
        logger.warning("folder %r is left out: %s", str(folder)[-200:], error.strerror)
        return iter(())


def _caption(image_name: Path, root: Path) -> str | None:
    path = image_name.with_suffix(".txt")
    try:
        data = read_regular_file(path, max_bytes=MAX_CAPTION_BYTES, root=root, name="caption")
    except ImageError as error:
        if error.code != "missing":
            logger.warning("%s; the image is taken without a caption", error)
        return None
    return data.decode(errors="replace").strip()


def _check_types(image: object, text: object, id_: object, metadata: object) -> None:
    if image is not None and not isinstance(image, str | Path | bytes | Image.Image):
        raise DocumentError(f"image must be a path, bytes, a PIL image or an array, but got {type(image).__name__}")
    if isinstance(image, str | bytes) and not image:
        raise DocumentError(f"image must not be empty, but got {image!r}")
    if text is not None and not isinstance(text, str):
        raise DocumentError(f"text must be a str, but got {type(text).__name__}")
    if id_ is not None and (not isinstance(id_, str) or not id_):
        raise DocumentError(f"id must be a non-empty str, but got {brief(id_)}")
    if not isinstance(metadata, Mapping):
        raise DocumentError(f"metadata must be a dict, but got {type(metadata).__name__}")
    if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
        raise DocumentError("text holds half a surrogate pair, which no tokenizer accepts; wanted valid Unicode")


def _shown(image: ImageSource | None) -> str:
    if isinstance(image, Image.Image):
        return f"<{image.mode} {image.width} x {image.height}>"
    return repr(str(image)) if is_path(image) else f"<{len(image or ''):,} bytes>"  # type: ignore[arg-type]
