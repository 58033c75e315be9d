"""Prefix states by document: a byte-bounded, thread-safe LRU, and the key that names a document exactly."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from PIL import Image

KEY_SCHEMA = b"yofo-prefix-1"


@dataclass(frozen=True)
class PrefixState:
    """The model's keys and values for one prefix; never changed once made."""

    keys_values: torch.Tensor  # (layers, 2, heads, tokens, head width)
    next_position: int  # of the first token after the prefix, on all three axes

    @property
    def n_tokens(self) -> int:
        """Length of the prefix."""
        return int(self.keys_values.shape[3])

    @property
    def nbytes(self) -> int:
        """Memory that the tensor takes."""
        return self.keys_values.nbytes


@dataclass(frozen=True)
class CacheStats:
    """What a cache has done so far."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    entries: int = 0
    bytes: int = 0
    max_bytes: int = 0


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


class PrefixCache:
    """Least recently used states go first when `max_bytes` would be exceeded; 0 keeps none.

    >>> PrefixCache(0).stats.max_bytes
    0
    """

    def __init__(self, max_bytes: int) -> None:
        if max_bytes < 0:
            raise ValueError(f"cache_bytes must be 0 (off) or more, but got {max_bytes}")
        self.max_bytes = max_bytes
        self._states: OrderedDict[bytes, PrefixState] = OrderedDict()
        self._lock = threading.Lock()
        self._hits = self._misses = self._evictions = self._bytes = 0

    def get(self, key: bytes) -> PrefixState | None:
        """The state, now the most recently used; None counts as a miss."""
        with self._lock:
            state = self._states.get(key)
            if state is None:
                self._misses += 1
                return None
            self._hits += 1
            self._states.move_to_end(key)
            return state

    def put(self, key: bytes, state: PrefixState) -> None:
        """Keep a state, unless it alone is larger than the cache."""
        if state.nbytes > self.max_bytes:
            return
        with self._lock:
            if key in self._states:
                self._bytes -= self._states.pop(key).nbytes
            self._states[key] = state
            self._bytes += state.nbytes
            while self._bytes > self.max_bytes:
                _, evicted = self._states.popitem(last=False)
                self._bytes -= evicted.nbytes
                self._evictions += 1

    def clear(self) -> None:
        """Forget all states; the counters stay."""
        with self._lock:
            self._states.clear()
            self._bytes = 0

    @property
    def stats(self) -> CacheStats:
        """Counters so far."""
        with self._lock:
            return CacheStats(self._hits, self._misses, self._evictions, len(self._states), self._bytes, self.max_bytes)
