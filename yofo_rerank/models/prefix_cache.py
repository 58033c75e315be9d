"""The key that names a document exactly."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from yofo_rerank.models.states import PrefixState

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PrefixState", "prefix_key"]

KEY_SCHEMA = b"yofo-prefix-1"


def prefix_key(identity: bytes, image: Image.Image | None, text: str | None) -> bytes:
    """SHA-256 over length-prefixed parts: equal keys mean equal parts, so 30 x 100 and 100 x 30 pixels differ.

    Args:
        identity: what else the state depends on: model, adapter, processor, format, dtype.
        image: as decoded.
        text: of the document.
    """
    parts = [KEY_SCHEMA, identity]
    if image is not None:
        parts += [image.mode.encode(), str(image.width).encode(), str(image.height).encode(), image.tobytes()]
    parts += [b"text" if text is not None else b"no text", (text or "").encode()]
    digest = hashlib.sha256(len(parts).to_bytes(8, "big"))
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
