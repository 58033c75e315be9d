"""Haystack documents as documents of the library.

The image comes from `blob`, else from the file that `meta` names; `content` is the text, and a document may have both.
A text document keeps the path of the file that it was read from in the same meta field, so with `content` only
files that are pictures by their type count as images; without `content` every file is taken for one.
"""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from haystack import Document

from yofo_rerank import Document as YofoDocument
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.frameworks.paths import confined
from yofo_rerank.images import is_data_uri
from yofo_rerank.ranking import finite

PDF = "application/pdf"
PICTURE_SUFFIXES = (".avif", ".heic", ".heif", ".jxl", ".webp")  # not in every version's `mimetypes`


@dataclass(frozen=True)
class DocumentReader:
    """Where image and text of a document are found."""

    file_path_meta_field: str = "file_path"
    root_path: str | None = None  # confines paths, and relative ones start there
    meta_fields_to_embed: tuple[str, ...] = ()  # shown to the model before the content
    embedding_separator: str = "\n"

    def read(self, document: Document) -> YofoDocument:
        """The same document, with its id, for the library; no file is opened.

        Raises:
            DocumentError: neither image nor text.
            ImageError: a path outside `root_path` or no path at all, or a PDF page without text.
        """
        image, text = self._image(document), self._text(document)
        return YofoDocument(image=image, text=text, id=document.id, root=self.root_path)

    def try_to_read(self, document: Document) -> YofoDocument | DocumentError:
        """As `read`, but an error is returned, whatever it is: what is wrong with one document stays with it."""
        try:
            return self.read(document)
        except DocumentError as error:
            return error
        except Exception as error:  # noqa: BLE001  # meta holds anything, and so does what reads it
            return DocumentError(f"the document cannot be read: {type(error).__name__}: {str(error)[:200]}")

    def _text(self, document: Document) -> str:
        fields = {field: document.meta.get(field) for field in self.meta_fields_to_embed}
        parts = [*(_as_text(name, value) for name, value in fields.items() if value is not None)]
        return self.embedding_separator.join(part for part in (*parts, document.content or "") if part.strip())

    def _image(self, document: Document) -> bytes | str | Path | None:
        blob, path = document.blob, document.meta.get(self.file_path_meta_field)
        has_text = bool(document.content and document.content.strip())
        if blob is not None and blob.data:
            kind = PDF if blob.data.startswith(b"%PDF-") else blob.mime_type
            return blob.data if _is_image(kind, has_text=has_text) else None
        if not path:
            return None
        if not isinstance(path, str | Path):
            field = f"meta[{self.file_path_meta_field!r}]"
            raise ImageError(f"{field} must be a path, but got {type(path).__name__}", code="bad_path")
        kind = document.meta.get("mime_type") or _guess(str(path))
        if not _is_image(kind, has_text=has_text):
            return None
        return path if is_data_uri(path) else confined(path, self.root_path)


def without_duplicates(documents: Sequence[Document]) -> list[Document]:
    """One document per id, the one with the highest score, at the place of the first."""
    best: dict[str, Document] = {}
    for document in documents:
        known = best.setdefault(document.id, document)
        if _score(document) > _score(known):
            best[document.id] = document
    return list(best.values())


def _score(document: Document) -> float:
    score = finite(document.score)
    return -inf if score is None else score


def _as_text(name: str, value: object) -> str:
    try:
        return str(value)
    except ValueError as error:  # an integer of more digits than Python writes
        raise DocumentError(f"meta[{name!r}] has no text: {error}") from error


def _guess(path: str) -> str:
    """The type that the name promises; a name without suffix may well be a picture's."""
    suffix = Path(path).suffix.lower()
    if is_data_uri(path) or not suffix or suffix in PICTURE_SUFFIXES:
        return "image/*"
    return mimetypes.guess_type(path, strict=False)[0] or "unknown"


def _is_image(kind: object, *, has_text: bool) -> bool:
    """Whether a file is to be opened as an image; the loader looks at its bytes in any case."""
    if kind is not None and not isinstance(kind, str):
        raise DocumentError(f"mime_type must be a text such as 'image/png', but got {kind!r:.80}")
    if kind is None or kind.startswith("image/"):
        return True
    if kind == PDF and not has_text:
        raise ImageError("a PDF page is not rendered: give an image of the page, or its text as content", code="pdf")
    return not has_text
