"""From documents to vectors, batch by batch."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from yofo_rerank.documents import Document, ImageLimits
from yofo_rerank.errors import ImageError
from yofo_rerank.retrieval.encoder import Encoder
from yofo_rerank.retrieval.results import Skipped

logger = logging.getLogger(__name__)

T = TypeVar("T")
Waiting = tuple[Document, "Future[Any]"]  # a document, and its image when it is decoded

WORKERS = min(8, os.cpu_count() or 1)


@dataclass
class Encoded:
    """The readable documents of a batch with their vectors, the skipped ones, and those read only in part."""

    rows: dict[str, tuple[Document, np.ndarray]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    truncated: list[str] = field(default_factory=list)


def encoded(
    documents: Iterable[Document], encoder: Encoder, limits: ImageLimits | None, size: int
) -> Iterator[tuple[list[Document], Callable[[], Encoded]]]:
    """Batches of documents, each with what encodes it, while threads decode the batch after it.

    An error of `documents` comes after the batches before it.
    """
    read = _reader(encoder, limits)
    pool = ThreadPoolExecutor(WORKERS, "yofo-decode")
    batches = in_batches(documents, size)
    try:
        ahead = _submit(next(batches, []), read, pool)
        while ahead:
            failure: Exception | None = None
            now, ahead = ahead, []
            try:
                ahead = _submit(next(batches, []), read, pool)
            except Exception as error:  # noqa: BLE001  # raised below
                failure = error
            yield [document for document, _ in now], partial(_encode, now, encoder)
            if failure:
                raise failure
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _reader(encoder: Encoder, limits: ImageLimits | None) -> Callable[[Document], Any]:
    """What a thread does with a document: decode its images, and prepare them where the encoder can say how."""
    prepare = getattr(encoder, "prepare", None)

    def read_page(document: Document, page: int) -> Any:
        image = document.load_image(limits, max_pixels=getattr(encoder, "enough_pixels", None), page=page)
        return prepare(image) if prepare else image

    return lambda document: [read_page(document, page) for page in range(len(document.images))]


def _submit(batch: Sequence[Document], read: Callable[[Document], Any], pool: ThreadPoolExecutor) -> list[Waiting]:
    return [(document, pool.submit(read, document)) for document in batch]


def _encode(waiting: Sequence[Waiting], encoder: Encoder) -> Encoded:
    """Vectors of images where there are any, else of texts; several views are one vector, the mean of theirs."""
    result = Encoded()
    pictured, views, written = [], [], []
    for document, reading in waiting:
        try:
            found_views = reading.result()
        except ImageError as error:
            result.skipped.append(Skipped(document.id, error.code, str(error)))
            logger.warning("skipped: %s", error)
            continue
        if found_views:
            pictured.append(document)
            views.append(found_views)
        else:
            written.append(document)
    texts = [document.text or "" for document in written]
    encode_images = getattr(encoder, "encode_prepared", encoder.encode_images)
    vectors = mean_views(encode_images([one for some in views for one in some]), views) if views else []
    if texts:
        result.truncated += [d.id for d, cut in zip(written, encoder.too_long(texts), strict=True) if cut]
        vectors += list(encoder.encode_texts(texts, warn=False))
    found = dict(zip(map(id, pictured + written), vectors, strict=True))
    result.rows.update((d.id, (d, found[id(d)])) for d, _ in waiting if id(d) in found)
    return result


def mean_views(vectors: Iterable[np.ndarray], views: Iterable[Sequence[Any]]) -> list[np.ndarray]:
    """One vector for each document: of a single view its own, of several their mean, brought to length 1 again.

    >>> [vector.tolist() for vector in mean_views(np.eye(2), [["front", "back"]])]
    [[0.7071067811865475, 0.7071067811865475]]
    """
    rest = iter(vectors)
    means = []
    for some in views:
        own = list(islice(rest, len(some)))
        mean = own[0] if len(own) == 1 else np.mean([one / (np.linalg.norm(one) or 1.0) for one in own], axis=0)
        means.append(mean if len(own) == 1 else mean / (np.linalg.norm(mean) or 1.0))
    return means


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
