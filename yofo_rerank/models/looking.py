"""Look at a document without decoding it: a key that names its bytes, remembered for as long as they stay the same."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from weakref import WeakKeyDictionary

from yofo_rerank.content import image_parts
from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError
from yofo_rerank.images import ImageSource, is_address, is_data_uri
from yofo_rerank.models.digests import FileDigests

SCHEMA = b"yofo-document-1"

_files = FileDigests()
_contents: WeakKeyDictionary[Document, bytes] = WeakKeyDictionary()  # of images in memory, which nobody may change
_lock = threading.Lock()


def is_file(document: Document) -> bool:
    """Whether its image lies in a file, which somebody else may change."""
    image = document.image
    return isinstance(image, str | Path) and not is_data_uri(image) and not is_address(image)


def known_key(document: Document) -> bytes | None:
    """The key where it costs nothing: no image, or one in memory that was looked at before."""
    if document.image is None:
        return _key(b"none", b"", document.text)
    with _lock:
        return _contents.get(document)


def document_key(document: Document) -> bytes:
    """SHA-256 of what a judge sees of a document: encoded image bytes (or pixels), and text.

    Equal keys mean equal documents; the same picture in two encodings has two.

    >>> document_key(Document(text="grey skirt")) == document_key(Document(text="grey skirt", id="7"))
    True

    Raises:
        ImageError: the file cannot be read, or the pixels of a PIL image cannot.
    """
    known = known_key(document)
    if known is not None:
        return known
    if is_file(document):
        return _key(b"file", _file_digest(document), document.text)
    data = document.image_bytes()
    if data is None:
        key = _key(b"pil", _digest(*image_parts(document.image)), document.text)
    else:
        key = _key(b"file", hashlib.sha256(data).digest(), document.text)  # as if they lay in a file
    with _lock:
        _contents[document] = key
    return key


def read_image(document: Document, key: bytes) -> ImageSource | None:
    """What `load_image` takes: of a file its bytes, if they are still those that the key names.

    Raises:
        ImageError: the file cannot be read, or has changed (code `changed`).
    """
    data = document.image_bytes() if is_file(document) else None
    if data is None:
        return document.image
    if _key(b"file", hashlib.sha256(data).digest(), document.text) != key:
        raise ImageError(f"document {document.id[:80]!r}: the file changed while it was judged", code="changed")
    return data


def _file_digest(document: Document) -> bytes:
    path = Path(str(document.image))
    try:
        found = _files.of(path if document.root is None else document.root / path, lambda _: _digest_of(document))
    except (OSError, ValueError) as error:
        document.image_bytes()  # says better what is wrong
        raise ImageError(f"document {document.id[:80]!r}: the file changes while it is read", code="changed") from error
    return bytes.fromhex(found)


def _digest_of(document: Document) -> str:
    return hashlib.sha256(document.image_bytes() or b"").hexdigest()


def _key(kind: bytes, digest: bytes, text: str | None) -> bytes:
    return _digest(SCHEMA, kind, digest, b"no text" if text is None else b"text", (text or "").encode())


def _digest(*parts: bytes) -> bytes:
    """Over length-prefixed parts, so that 30 x 100 and 100 x 30 pixels differ."""
    digest = hashlib.sha256(len(parts).to_bytes(8, "big"))
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
