"""How many tokens the documents have that a model has seen: what a request is charged for, at no cost."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.recall import Look
    from yofo_rerank.models.slot_model import SlotModel
    from yofo_rerank.models.workers import Workers

MAX_KNOWN = 200_000  # documents; those seen first go first


class Lengths:
    """Tokens of a prefix, by the name of its state; any number of threads may call it.

    >>> lengths = Lengths()
    >>> lengths.put(b"document", 12)
    >>> lengths.get(b"document"), lengths.get(b"another")
    (12, None)
    """

    def __init__(self, most: int = MAX_KNOWN) -> None:
        self._most = most
        self._known: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def get(self, name: bytes) -> int | None:
        """None where it is not known."""
        with self._lock:
            return self._known.get(name)

    def put(self, name: bytes, n_tokens: int) -> None:
        """Remember it."""
        with self._lock:
            self._known[name] = n_tokens
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]


def prefix_lengths(model: SlotModel, documents: Mapping[Look, Document], workers: Workers) -> dict[Look, int]:
    """Of the documents that can be read; those that this process never read (their answers were kept) are measured."""
    names = {key: model.name(key) for key in documents if isinstance(key, bytes)}
    remembered = {key: model.lengths.get(name) for key, name in names.items()}
    known: dict[Look, int] = {key: length for key, length in remembered.items() if length is not None}
    unknown = [key for key in names if key not in known]
    for key, measured in workers.ahead(lambda key: model.measure(documents[key], key), unknown):
        if isinstance(measured, int):
            model.lengths.put(names[key], measured)
            known[key] = measured
    return known
