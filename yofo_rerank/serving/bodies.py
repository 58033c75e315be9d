"""The body of a request: bounded in bytes and in time, and with all others together, before anything reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.settings import Limits

Take = Callable[[int], None]


class Held:
    """Bytes of bodies that are held now, of all requests; used from one event loop.

    >>> held = Held(100)
    >>> with held.share() as take:
    ...     take(60)
    ...     print(held.size)
    60
    >>> held.size
    0
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = 0

    @contextmanager
    def share(self) -> Iterator[Take]:
        """What to call with the size of each piece; given back at the end, whatever happens.

        Raises:
            ApiError: 429 in the call, where all together would be too much.
        """
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if self.size + size > self._most:
                raise ApiError(429, "overloaded", "the bodies of other requests fill the memory", retry_after=1)
            self.size += size
            mine += size

        try:
            yield take
        finally:
            self.size -= mine


async def read_body(request: Request, limits: Limits, take: Take) -> bytearray:
    """All of it; `take` is called with the size of each piece before it is kept.

    Raises:
        ApiError: 400 two lengths, 413 too large, 408 too slow, 415 no JSON, 429 from `take`, 499 the client went away.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "not_json", f"wanted the content type application/json, but got {kind[:80]!r}")
    if "content-length" in request.headers and "transfer-encoding" in request.headers:  # a proxy may see another end
        raise ApiError(400, "two_lengths", "wanted Content-Length or Transfer-Encoding, but got both", close=True)
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limits.max_body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _all(request, limits, take)
    except TimeoutError as error:
        raise ApiError(408, "body_too_slow", f"the body took more than {limits.body_seconds:g} s") from error
    except ClientDisconnect as error:
        raise ApiError(499, "client_gone", "the client went away") from error


async def _all(request: Request, limits: Limits, take: Take) -> bytearray:
    data = bytearray()
    async for piece in request.stream():
        if len(data) + len(piece) > limits.max_body_bytes:
            raise _too_large(limits)
        take(len(piece))
        data += piece
    return data  # no copy of what may be large


def _too_large(limits: Limits) -> ApiError:
    return ApiError(413, "too_many_bytes", f"the body has more than {limits.max_body_bytes:,} bytes")
