"""Look at a document without decoding it: a key that names its bytes, remembered for as long as they stay the same."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from yofo_rerank.content import image_parts
from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError
from yofo_rerank.images import ImageSource, is_address, is_data_uri
from yofo_rerank.models.digests import FileDigests
from yofo_rerank.pdf import PdfPage

SCHEMA = b"yofo-document-1"

Look = tuple[bytes, bytes]  # an image's kind, and the digest of its content

_files = FileDigests()
_contents: WeakKeyDictionary[Document, bytes] = WeakKeyDictionary()  # of images in memory, which nobody may change
_lock = threading.Lock()


def is_file(image: ImageSource) -> bool:
    """Whether an image lies in a file, which somebody else may change."""
    file = image.file if isinstance(image, PdfPage) else image
    return isinstance(file, str | Path) and not is_data_uri(file) and not is_address(file)


def known_key(document: Document) -> bytes | None:
    """The key where it costs nothing: no image, or images in memory that were looked at before."""
    if not document.images:
        return _key(b"none", b"", document.text)
    with _lock:
        return _contents.get(document)


def document_key(document: Document) -> bytes:
    """SHA-256 of what a judge sees of a document: encoded image bytes (or pixels) in their order, and text.

    Equal keys mean equal documents; the same picture in two encodings has two.

    >>> document_key(Document(text="grey skirt")) == document_key(Document(text="grey skirt", id="7"))
    True

    Raises:
        ImageError: a file cannot be read, or the pixels of a PIL image cannot.
    """
    known = known_key(document)
    if known is not None:
        return known
    key = _key_of([_look(document, page) for page in range(len(document.images))], document.text)
    if not any(map(is_file, document.images)):
        with _lock:
            _contents[document] = key
    return key


def read_images(document: Document, key: bytes) -> list[ImageSource]:
    """What `load_image` takes: of files their bytes, if they are still those that the key names.

    Raises:
        ImageError: a file cannot be read, or has changed (code `changed`).
    """
    sources: list[ImageSource] = []
    looks: list[Look] = []
    if not any(map(is_file, document.images)):
        return list(document.images)
    for page, image in enumerate(document.images):
        data = document.image_bytes(page=page) if is_file(image) else None
        if data is None:
            sources.append(image)
            looks.append(_look(document, page))
        else:
            sources.append(PdfPage(data, image.number) if isinstance(image, PdfPage) else data)
            looks.append((_kind(image), hashlib.sha256(data).digest()))
    if _key_of(looks, document.text) != key:
        raise ImageError(f"document {document.id[:80]!r}: the file changed while it was judged", code="changed")
    return sources


def _look(document: Document, page: int) -> Look:
    image = document.images[page]
    if is_file(image):
        return _kind(image), _file_digest(document, page)
    data = document.image_bytes(page=page)
    if data is None:
        return b"pil", _digest(*image_parts(image))
    return _kind(image), hashlib.sha256(data).digest()  # as if they lay in a file


def _kind(image: ImageSource) -> bytes:
    return b"page %d" % image.number if isinstance(image, PdfPage) else b"file"


def _file_digest(document: Document, page: int) -> bytes:
    image = document.images[page]
    path = Path(str(image.file if isinstance(image, PdfPage) else image))

    def digest(_: str) -> str:
        return hashlib.sha256(document.image_bytes(page=page) or b"").hexdigest()

    try:
        found = _files.of(path if document.root is None else document.root / path, digest)
    except (OSError, ValueError) as error:
        document.image_bytes(page=page)  # says better what is wrong
        raise ImageError(f"document {document.id[:80]!r}: the file changes while it is read", code="changed") from error
    return bytes.fromhex(found)


def _key_of(looks: Sequence[Look], text: str | None) -> bytes:
    """Of one image as ever, so that what is kept stays good; of several over all of them."""
    if len(looks) == 1:
        return _key(*looks[0], text)
    return _key(b"images", _digest(*(part for look in looks for part in look)), text)


def _key(kind: bytes, digest: bytes, text: str | None) -> bytes:
    return _digest(SCHEMA, kind, digest, b"no text" if text is None else b"text", (text or "").encode())


def _digest(*parts: bytes) -> bytes:
    """Over length-prefixed parts, so that 30 x 100 and 100 x 30 pixels differ."""
    digest = hashlib.sha256(len(parts).to_bytes(8, "big"))
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
