"""Who may ask, and how often."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from yofo_rerank.serving.errors import ApiError

KEYS = "YOFO_SERVE_KEYS"  # the environment variable that holds keys, separated by commas
MAX_KNOWN = 10_000  # keys or addresses whose rate is remembered


def known_keys(lines: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys of these lines, and those of the environment."""
    given = [*lines, *os.environ.get(KEYS, "").split(",")]
    return tuple(key.strip() for key in given if key.strip())


class Keys:
    """API keys, compared in constant time; their texts are not held."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    def check(self, authorization: str | None) -> str | None:
        """A name for the holder of the key, for rates and logs; None where nobody needs one.

        Raises:
            ApiError: 401 for none or a wrong one.
        """
        if not self._digests:
            return None
        scheme, _, key = (authorization or "").partition(" ")
        given = _digest(key.strip() if scheme.lower() == "bearer" else "")
        found = [hmac.compare_digest(given, known) for known in self._digests]  # all of them, always
        if not any(found):
            raise ApiError(401, "bad_key", "wanted a known key in the header `Authorization: Bearer KEY`")
        return f"key-{found.index(True)}"


class Rates:
    """A bucket for each caller, that holds a minute's requests and fills evenly."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name -> (left, when)

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            ApiError: 429 with the seconds until there is room again.
        """
        if self._per_minute is None:
            return
        now = time.monotonic()
        left, when = self._buckets.pop(caller, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - when) * self._per_minute / 60)
        self._buckets[caller] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > MAX_KNOWN:
            self._buckets.popitem(last=False)
        if left < 1:
            seconds = int((1 - left) * 60 / self._per_minute) + 1
            raise ApiError(429, "too_often", f"at most {self._per_minute} requests a minute", retry_after=seconds)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
