"""From documents to vectors, batch by batch."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import numpy as np

from yofo_rerank.documents import Document, ImageLimits
from yofo_rerank.errors import ImageError
from yofo_rerank.retrieval.encoder import Encoder
from yofo_rerank.retrieval.results import Skipped

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass
class Encoded:
    """The readable documents of a batch with their vectors, the skipped ones, and those read only in part."""

    rows: dict[str, tuple[Document, np.ndarray]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    truncated: list[str] = field(default_factory=list)


def encode(batch: Sequence[Document], encoder: Encoder, limits: ImageLimits | None) -> Encoded:
    """Vectors of images where there are any, else of texts."""
    result = Encoded()
    pictured, images, written = [], [], []
    for document in batch:
        try:
            image = document.load_image(limits)
        except ImageError as error:
            result.skipped.append(Skipped(document.id, error.code, str(error)))
            logger.warning("skipped: %s", error)
            continue
        if image is None:
            written.append(document)
        else:
            pictured.append(document)
            images.append(image)
    texts = [document.text or "" for document in written]
    vectors = list(encoder.encode_images(images)) if images else []
    if texts:
        result.truncated += [d.id for d, cut in zip(written, encoder.too_long(texts), strict=True) if cut]
        vectors += list(encoder.encode_texts(texts, warn=False))
    found = dict(zip(map(id, pictured + written), vectors, strict=True))
    result.rows.update((d.id, (d, found[id(d)])) for d in batch if id(d) in found)
    return result


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def with_progress(documents: Iterable[T], progress: bool | None) -> Iterable[T]:
    """The documents, with a bar on stderr; None: when that is a terminal."""
    if not (sys.stderr.isatty() if progress is None else progress):
        return documents
    from rich.console import Console
    from rich.progress import track

    total = len(documents) if isinstance(documents, Collection) else None
    return track(documents, "Encoding", total=total, console=Console(stderr=True))
