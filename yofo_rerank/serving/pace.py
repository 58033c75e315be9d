"""How long the requests inside still take: the documents that are left, at the pace of the last seconds.

A bound on how many requests wait cannot keep a deadline, as they may be about one document or a thousand: where sixteen
large ones share the judge, all of them would be late. Time counts while something is judged, not while images are
fetched; what is kept, or shared by requests, makes the pace faster.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

HALF_LIFE = 5.0  # seconds of judging, after which what was seen counts half
FORGOTTEN = 1e-9  # documents that count no more: where nothing was judged for minutes, no pace is known


class Pace:
    """Documents that requests have left, and how fast these become fewer; used from many threads.

    >>> now = 0.0
    >>> pace = Pace(clock=lambda: now)
    >>> request = pace.enter(10)
    >>> pace.saw(request, 10)
    >>> now = 2.0
    >>> pace.saw(request, 6)  # four documents in two seconds
    >>> pace.seconds(4)
    5.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock, self._numbers = clock, threading.Lock(), itertools.count()
        self._left: dict[int, int] = {}  # of those inside, waiting ones too
        self._begun: set[int] = set()
        self._documents = self._seconds = 0.0
        self._at = clock()

    @property
    def inside(self) -> int:
        """Requests that came and did not leave."""
        return len(self._left)

    def enter(self, documents: int) -> int:
        """One more request; a number for it."""
        with self._lock:
            number = next(self._numbers)
            self._left[number] = documents
            return number

    def saw(self, number: int, left: int) -> None:
        """It is judged now, and has so many documents left."""
        with self._lock:
            self._age()
            if number in self._begun:
                self._documents += max(0, self._left[number] - left)
            if number in self._left:
                self._begun.add(number)
                self._left[number] = left

    def leave(self, number: int, *, judged: bool) -> None:
        """It is done, or is not judged on."""
        with self._lock:
            self._age()
            left = self._left.pop(number, 0)
            self._begun.discard(number)
            self._documents += left if judged else 0

    def seconds(self, more: int) -> float:
        """Until those inside and `more` documents would be judged; 0 where nobody is inside, or nothing is known."""
        with self._lock:
            self._age()
            if not self._left or self._documents < FORGOTTEN:
                return 0.0
            return (sum(self._left.values()) + more) * self._seconds / self._documents

    def _age(self) -> None:
        now = self._clock()
        elapsed, self._at = now - self._at, now
        if self._begun:
            kept = 0.5 ** (elapsed / HALF_LIFE)
            self._documents *= kept
            self._seconds = self._seconds * kept + elapsed
