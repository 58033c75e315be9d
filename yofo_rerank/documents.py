"""Document: the thing that is ranked: an image, a text, or both. Imports neither torch nor pydantic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from PIL import Image

from yofo_rerank.content import MAX_IMAGES, MAX_NAME, all_images, default_id, image_name
from yofo_rerank.errors import ConfigError, DocumentError
from yofo_rerank.images import DEFAULT_LIMITS, ImageLimits, ImageSource, load_image, read_source
from yofo_rerank.metadata import json_copy
from yofo_rerank.pdf import PdfPage
from yofo_rerank.plain_inputs import check_text, is_single, plain_image
from yofo_rerank.shown import brief

if TYPE_CHECKING:
    import io

    import numpy as np

__all__ = [
    "MAX_IMAGES",
    "Document",
    "DocumentLike",
    "ImageLimits",
    "as_document",
    "as_documents",
    "load_folder",
    "load_image",
]


@dataclass(frozen=True)
class Document:
    """One image or several (path, bytes of a file, base64 `data:` URI, PDF page, PIL image or uint8 array), a text, or
    both; frozen.

    An image is opened only by `load_image`, so a document with an unreadable image can be made, and fails when judged.

    >>> document = Document(text="grey skirt", id="7", metadata={"price": 20})
    >>> document.to_dict()
    {'id': '7', 'text': 'grey skirt', 'image': None, 'metadata': {'price': 20}}
    >>> Document(text="grey skirt").id == Document(text="grey skirt").id
    True
    >>> Document(images=["front.jpg", "back.jpg"]).image
    'front.jpg'

    Args:
        image: never changed; a PIL image must not be changed by the caller either. Afterwards the first of `images`.
        text: a blank one counts as none.
        images: several views of one thing, or pages, in their order: at most 64, judged together in one pass. Give this
            or `image`; afterwards it holds all images of the document.
        id: default: the path of an image in a file (with a digest of the text, if there is one), else a digest of the
            content.
        metadata: JSON types; copied.
        root: folder that the image's path may not leave, whenever it is opened; a relative one starts there.

    Raises:
        DocumentError: neither image nor text, too many images (code `too_many_images`), or a value of the wrong type.
        ImageError: no id given, and a PIL image that cannot be read to make one.
    """

    image: ImageSource | None = field(default=None, compare=False)  # `images` is compared
    text: str | None = None
    images: Sequence[ImageSource] = field(default=(), kw_only=True)
    id: str = field(default=None, kw_only=True)  # type: ignore[assignment]  # filled in below, so always a str
    metadata: dict[str, Any] = field(default_factory=dict, kw_only=True)
    root: str | Path | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", all_images(self.image, self.images))
        object.__setattr__(self, "image", self.images[0] if self.images else None)
        _check_types(self.text, self.id, self.metadata)
        if self.text is not None and not self.text.strip():
            object.__setattr__(self, "text", None)
        if self.image is None and self.text is None:
            raise DocumentError("a document needs an image or a text, but got neither")
        object.__setattr__(self, "metadata", json_copy(self.metadata, "metadata"))
        if self.id is None:
            object.__setattr__(self, "id", default_id(self.images, self.text))

    def __hash__(self) -> int:
        return hash(self.id)

    def load_image(
        self, limits: ImageLimits | None = None, *, max_pixels: int | None = None, page: int = 0
    ) -> Image.Image | None:
        """An image as a new, upright RGB picture, or None without one; `max_pixels` as in `images.load_image`.

        >>> Document(image=Image.new("RGBA", (8, 6))).load_image().mode
        'RGB'

        Args:
            limits: what it may cost.
            max_pixels: of a JPEG that may be decoded smaller.
            page: which of several images, from 0: `Evidence.page`.

        Raises:
            ImageError: it cannot be read safely; see `yofo_rerank.images` for the codes.
        """
        if not self.images:
            return None
        return load_image(self.images[page], self._limits(limits), name=self.name_of(page), max_pixels=max_pixels)

    def image_bytes(self, limits: ImageLimits | None = None, *, page: int = 0) -> bytes | None:
        """The bytes of an image's file, undecoded (of a PDF page, its PDF); None without one, or for a PIL image.

        Raises:
            ImageError: it cannot be read safely.
        """
        if not self.images or isinstance(source := self.images[page], Image.Image):
            return None
        return read_source(source, self._limits(limits), self.name_of(page))

    def name_of(self, page: int = 0) -> str:
        """What messages call an image of the document."""
        name = f"document {self.id!r}" if len(self.id) <= MAX_NAME else f"document {self.id[:80]!r}"
        return name if len(self.images) < 2 else f"{name}, image {page}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: id, text, path of the image (None for one in memory) and metadata; of several all paths."""
        found = {
            "id": self.id,
            "text": self.text,
            "image": image_name(self.image),
            "metadata": json_copy(self.metadata, "metadata"),
        }
        return found | ({"images": [image_name(one) for one in self.images]} if len(self.images) > 1 else {})

    def _limits(self, limits: ImageLimits | None) -> ImageLimits:
        limits = limits or DEFAULT_LIMITS
        return limits if self.root is None else replace(limits, root=Path(self.root))

    def __repr__(self) -> str:
        shown = [f"image={_shown(self.images[0])}"] if len(self.images) == 1 else []
        shown += [f"images=[{', '.join(map(_shown, self.images))}]"] if len(self.images) > 1 else []
        shown += [f"text={self.text!r}"] if self.text is not None else []
        shown += [f"id={self.id!r}"] + ([f"metadata={self.metadata!r}"] if self.metadata else [])
        return f"Document({', '.join(shown)})"


ImageLike: TypeAlias = "Path | bytes | io.BytesIO | Image.Image | np.ndarray | PdfPage"
DocumentLike: TypeAlias = "Document | str | ImageLike | Sequence[ImageLike] | Mapping[str, Any]"


def as_document(value: DocumentLike) -> Document:
    """A document of what people have at hand: a text, an image in any form, a list of them, or a dict of the fields.

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
    images = [plain_image(one) for one in (value if isinstance(value, list | tuple) else [value])]
    for image in images:
        if not isinstance(image, Path | bytes | Image.Image | PdfPage):
            wanted = "a Document, text, path, bytes, PDF page, PIL image, array, a list of images or dict"
            inside = f" in a {type(value).__name__}" if image is not value and isinstance(value, list | tuple) else ""
            raise DocumentError(f"wanted {wanted}, but got {type(image).__name__}{inside}")
    return Document(images=images)


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


def load_folder(folder: str | Path, *, one_per: Literal["image", "folder"] = "image") -> Iterator[Document]:
    """The images of a folder and its subfolders as documents, sorted, one at a time: nothing is opened here.

    The id is the path inside the folder (`tops/12.png`); a file `12.txt` beside `12.png` becomes the document's text,
    unless it is a link that leads out of the folder. Hidden files and linked folders are left out; so are a folder that
    may not be read, and pictures in formats that are not read here: these are logged.

    Args:
        folder: where they are.
        one_per: "image": each is a document. "folder": the images that lie in one subfolder are the views of one
            document, in the order of their names; its id is the subfolder's path, its text the caption of the first
            image that has one. Images at the top are documents of their own.

    Raises:
        DocumentError: the folder is not there, or more images in a subfolder than a document may have.
        ConfigError: `one_per` is neither.
    """
    from yofo_rerank.folders import image_documents, view_documents

    if one_per not in ("image", "folder"):
        raise ConfigError(f"one_per must be 'image' or 'folder', but got {one_per!r}")
    root = Path(folder)
    if not root.is_dir():
        raise DocumentError(f"{str(folder)!r} is not a folder", code="missing")
    return image_documents(root) if one_per == "image" else view_documents(root)


def _check_types(text: object, id_: object, metadata: object) -> None:
    if text is not None and not isinstance(text, str):
        raise DocumentError(f"text must be a str, but got {type(text).__name__}")
    if id_ is not None and (not isinstance(id_, str) or not id_):
        raise DocumentError(f"id must be a non-empty str, but got {brief(id_)}")
    if not isinstance(metadata, Mapping):
        raise DocumentError(f"metadata must be a dict, but got {type(metadata).__name__}")
    if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
        raise DocumentError("text holds half a surrogate pair, which no tokenizer accepts; wanted valid Unicode")


def _shown(image: ImageSource) -> str:
    if isinstance(image, Image.Image):
        return f"<{image.mode} {image.width} x {image.height}>"
    if isinstance(image, bytes):
        return f"<{len(image):,} bytes>"
    name = image_name(image)
    return f"<{len(str(image)):,} bytes>" if name is None else repr(name)
