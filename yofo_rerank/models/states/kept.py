"""What stays where there is no room for all: a byte-bounded map that a scan cannot wash out.

DIP (dynamic insertion policy; Qureshi et al., ISCA 2007). That the longest unused goes first is right for queries about
the same documents shortly after one another, and gives no hit at all where more documents than fit are scanned again
and again; nor do 2Q and S3-FIFO then, whose ghosts are forgotten before they return. There the newcomer should go
first, so that a part of the scan stays. Which of the two the map does follows from two shadows that keep names alone:
one does always this, the other always that, and whoever would have hit more lately is right.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

SURE = 64  # hits by which one shadow can be ahead of the other: how soon the map changes its mind
RESPITE = 32  # every such newcomer is treated as if it had been used before, so that what stays can change


class _Queue(Generic[Key, Value]):
    """Values by key in order of leaving, first to go first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.bytes = max_bytes, 0
        self.items: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._newcomers = 0

    def add(self, key: Key, value: Value, size: int, *, newcomer_first: bool) -> list[tuple[Key, Value]]:
        """Make room, then keep it as the last or (mostly) the first to go; what had to go."""
        self.remove(key)
        gone = []
        while self.bytes + size > self.max_bytes:
            name, (old, freed) = self.items.popitem(last=False)
            self.bytes -= freed
            gone.append((name, old))
        self.items[key] = value, size
        self.bytes += size
        self._newcomers += 1
        if newcomer_first and self._newcomers % RESPITE:
            self.items.move_to_end(key, last=False)
        return gone

    def remove(self, key: Key) -> Value | None:
        """Take it out; None where it is not there."""
        value, size = self.items.pop(key, (None, 0))
        self.bytes -= size
        return value


class Kept(Generic[Key, Value]):
    """A map of at most `max_bytes`; not thread-safe.

    >>> kept = Kept(10)
    >>> kept.put("a", 1, size=6), kept.put("b", 2, size=6)
    ([], [('a', 1)])
    >>> kept.get("a"), kept.get("b")
    (None, 2)
    """

    def __init__(self, max_bytes: int) -> None:
        self._queue: _Queue[Key, Value] = _Queue(max_bytes)
        self._recent: _Queue[Key, None] = _Queue(max_bytes)  # what is there if the longest unused always goes first
        self._staying: _Queue[Key, None] = _Queue(max_bytes)  # and if the newcomer does
        self._ahead = 0  # hits by which the second one is ahead

    def get(self, key: Key) -> Value | None:
        """The value, now the last to go; None where it is not there."""
        found = self._queue.items.get(key)
        if found is None:
            return None
        self._queue.items.move_to_end(key)
        self._see(key, found[1])
        return found[0]

    def put(self, key: Key, value: Value, size: int) -> list[tuple[Key, Value]]:
        """Keep it; what had to go for it, or itself where it alone is too large."""
        if size > self._queue.max_bytes:
            self.remove(key)
            return [(key, value)]
        self._see(key, size)
        return self._queue.add(key, value, size, newcomer_first=self._ahead > 0)

    def remove(self, key: Key) -> None:
        """Forget it."""
        for queue in (self._queue, self._recent, self._staying):
            queue.remove(key)

    def __contains__(self, key: Key) -> bool:
        return key in self._queue.items

    def __iter__(self) -> Iterator[Key]:
        return iter(self._queue.items)

    def __len__(self) -> int:
        return len(self._queue.items)

    @property
    def bytes(self) -> int:
        """Of all values."""
        return self._queue.bytes

    def _see(self, key: Key, size: int) -> None:
        """Let both shadows see what is asked for."""
        hits = []
        for queue, newcomer_first in ((self._recent, False), (self._staying, True)):
            hits.append(key in queue.items)
            if hits[-1]:
                queue.items.move_to_end(key)
            else:
                queue.add(key, None, size, newcomer_first=newcomer_first)
        self._ahead = max(-SURE, min(SURE, self._ahead + hits[1] - hits[0]))
