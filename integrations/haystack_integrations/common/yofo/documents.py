"""Haystack documents as documents of the library.

The image comes from `blob`, else from the file that `meta` names; `content` is the text, and a document may have both.
A text document keeps the path of the file that it was read from in the same meta field, so with `content` only
files that are pictures by their type count as images; without `content` every file is taken for one. Of a PDF
`meta["page_number"]` says which page is meant, from 1; without it all pages are the document's images. A list of paths
in the meta field names several views of one thing, or pages such as `shop.pdf#page=2`.
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
from yofo_rerank.frameworks.pdfs import PDF, names_pdf, pages_of
from yofo_rerank.images import ImageSource, is_data_uri
from yofo_rerank.pdf import PdfPage
from yofo_rerank.ranking import finite

PICTURE_SUFFIXES = (".avif", ".heic", ".heif", ".jxl", ".webp")  # not in every version's `mimetypes`


@dataclass(frozen=True)
class DocumentReader:
    """Where image and text of a document are found."""

    file_path_meta_field: str = "file_path"
    root_path: str | None = None  # confines paths, and relative ones start there
    meta_fields_to_embed: tuple[str, ...] = ()  # shown to the model before the content
    embedding_separator: str = "\n"

    def read(self, document: Document) -> YofoDocument:
        """The same document, with its id, for the library; no file is opened but a PDF whose page is not named.

        Raises:
            DocumentError: neither image nor text.
            ImageError: a path outside `root_path` or no path at all, or a PDF that cannot be opened.
        """
        images, text = self._images(document), self._text(document)
        return YofoDocument(images=images, text=text, id=document.id, root=self.root_path)

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

    def _images(self, document: Document) -> list[ImageSource]:
        blob, paths = document.blob, document.meta.get(self.file_path_meta_field)
        has_text = bool(document.content and document.content.strip())
        if blob is not None and blob.data:
            kind = PDF if names_pdf(blob.data) else blob.mime_type
            return self._file(blob.data, kind, document.meta) if _is_image(kind, has_text=has_text) else []
        found: list[ImageSource] = []
        for path in paths if isinstance(paths, list | tuple) else [paths] if paths else []:
            if not isinstance(path, str | Path):
                field = f"meta[{self.file_path_meta_field!r}]"
                raise ImageError(f"{field} must be a path, but got {type(path).__name__}", code="bad_path")
            kind = document.meta.get("mime_type") or _guess(str(path))
            if _is_image(kind, has_text=has_text):
                found += self._file(path if is_data_uri(path) else confined(path, self.root_path), kind, document.meta)
        return found

    def _file(self, file: bytes | str | Path, kind: object, meta: dict[str, object]) -> list[ImageSource]:
        if kind == PDF or names_pdf(file):
            return [*pages_of(file, meta, self.root_path)]
        return [file]


def to_meta(document: YofoDocument, field: str) -> dict[str, object]:
    """Where a document's images are, as `DocumentReader` reads it back; a stored index holds paths alone."""
    if len(document.images) > 1:
        return {field: [str(image) for image in document.images]}  # of a PDF with #page=
    if isinstance(document.image, PdfPage):
        return {field: str(document.image.file), "page_number": document.image.number}
    return {} if document.image is None else {field: str(document.image)}


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
    return not has_text
