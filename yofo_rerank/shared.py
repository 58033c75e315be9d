"""Objects that everybody with the same settings shares, for as long as somebody holds them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Shared(Generic[Key, Value]):
    """A registry that keeps nothing alive; two threads that ask for the same thing make it once.

    >>> shared: Shared[str, set] = Shared()
    >>> first = shared.get("a", set)
    >>> shared.get("a", set) is first
    True
    """

    def __init__(self) -> None:
        self._held: WeakValueDictionary[Key, Value] = WeakValueDictionary()
        self._locks: dict[Key, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """What is held under this key, else what `make` makes; other keys do not wait for it."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            value = self._held.get(key)
            if value is None:
                value = self._held[key] = make()
            return value
