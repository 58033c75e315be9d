"""One JSON request within a deadline: what may pass is tried again, what is refused is not."""

from __future__ import annotations

import asyncio
import concurrent.futures
import email.utils
import functools
import json
import os
import random
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import RemoteError
from yofo_rerank.judges.loop import loop_apart

if TYPE_CHECKING:
    import httpx

FIRST_PAUSE = 0.25  # seconds; doubled at each further try
LONGEST_PAUSE = 20.0
LOOK_EVERY = 0.1  # seconds between two looks at whether the caller still waits
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_AGAIN = (408, 425, 429)  # of the 4xx; and every 5xx
_FOR_GOOD = ("remote_bad_answer", "remote_denied", "remote_refused", "remote_timeout")
_OF_THE_BODY = (400, 413, 415, 422)  # another document may be taken


@dataclass(frozen=True)
class Line:
    """A client, and the loop on which alone it is used."""

    client: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop


@contextmanager
def open_line(base_url: str, headers: Mapping[str, str], connections: int) -> Iterator[Line]:
    """A line to a server, for any number of threads; closed at the end of the block."""
    import httpx

    limits = httpx.Limits(max_connections=connections)
    # a redirect would carry documents and key elsewhere
    client = httpx.AsyncClient(
        base_url=base_url, headers=dict(headers), limits=limits, verify=_trusted(), follow_redirects=False
    )
    with loop_apart("yofo-http-judge-loop") as loop:
        try:
            yield Line(client, loop)
        finally:
            asyncio.run_coroutine_threadsafe(client.aclose(), loop).result()


def _trusted() -> ssl.SSLContext:
    return _read_trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.lru_cache(maxsize=4)
def _read_trusted(*_: str | None) -> ssl.SSLContext:
    """Certificates that are trusted, as httpx reads them; which takes longer than a small answer, so once."""
    import httpx

    return httpx.create_ssl_context()


def post_json(
    line: Line, path: str, body: Mapping[str, Any], *, deadline: float, tries: int, stop: threading.Event
) -> Any:
    """The JSON that the server answers; `deadline` is a time of `time.monotonic`, pauses included.

    Raises:
        RemoteError: its code is `remote_refused` (the body: 400, 413, 415, 422) or `remote_denied` (who asks, as 401
            and 403, or asks there: redirects and other 4xx), which are not tried again; `remote_overloaded` (429, 503),
            `remote_failed` (5xx), `remote_unreachable`, `remote_timeout`, `remote_bad_answer`, `stopped`.
    """
    content = json.dumps(body).encode()
    for place in range(tries):
        try:
            return _once(line, path, content, deadline, stop)
        except RemoteError as error:
            pause = getattr(error, "retry_after", None) or FIRST_PAUSE * 2**place * random.uniform(0.5, 1.0)
            last = place + 1 == tries or error.code in _FOR_GOOD
            if last or time.monotonic() + min(pause, LONGEST_PAUSE) >= deadline or pause > LONGEST_PAUSE:
                raise
            if stop.wait(pause):
                raise RemoteError("the caller stopped", code="stopped") from error
    raise AssertionError("unreachable")  # pragma: no cover - tries is at least 1


def _once(line: Line, path: str, content: bytes, deadline: float, stop: threading.Event) -> Any:
    # the loop ends it at the deadline, wherever it is: a timeout of a socket would begin again with each byte
    running = asyncio.run_coroutine_threadsafe(_answer(line.client, path, content, deadline), line.loop)
    while not concurrent.futures.wait([running], LOOK_EVERY).done:
        if stop.is_set():
            running.cancel()  # closes the connection, by which the server sees that nobody waits
            raise RemoteError("the caller stopped", code="stopped")
    status, headers, data = running.result()
    if status != 200:
        raise _refusal(status, headers, data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"the answer is no JSON: {data[:80]!r}", code="remote_bad_answer") from error


async def _answer(
    client: httpx.AsyncClient, path: str, content: bytes, deadline: float
) -> tuple[int, httpx.Headers, bytes]:
    """Status, headers and all of the body."""
    import httpx

    headers = {"Content-Type": "application/json"}
    try:
        async with asyncio.timeout(_left(deadline)):
            async with client.stream("POST", path, content=content, headers=headers, timeout=None) as response:
                return response.status_code, response.headers, await _read(response)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise RemoteError("no answer within the deadline", code="remote_timeout") from error
    except httpx.DecodingError as error:
        raise RemoteError(f"the answer cannot be decoded: {error!s:.200}", code="remote_bad_answer") from error
    except httpx.HTTPError as error:
        said = str(error)[:200] or type(error).__name__  # a connection that is reset says nothing
        raise RemoteError(f"the server cannot be reached: {said}", code="remote_unreachable") from error


async def _read(response: httpx.Response) -> bytes:
    """All of a body, which may not be endless."""
    data = bytearray()
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > MAX_ANSWER_BYTES:
            raise RemoteError(f"the answer has more than {MAX_ANSWER_BYTES:,} bytes", code="remote_bad_answer")
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise RemoteError("no answer within the deadline", code="remote_timeout")
    return left


def _refusal(status: int, headers: httpx.Headers, data: bytes) -> RemoteError:
    if status in (429, 503):
        code = "remote_overloaded"
    elif status in _AGAIN or status >= 500:
        code = "remote_failed"
    else:
        code = "remote_refused" if status in _OF_THE_BODY else "remote_denied"
    said = data[:200].decode(errors="replace")
    error = RemoteError(f"the server answered {status}: {said}", code=code)
    error.retry_after = _retry_after(headers.get("retry-after"))
    return error


def _retry_after(value: str | None) -> float | None:
    """Seconds or a date, as RFC 9110 has it; None for anything else.

    >>> _retry_after("2"), _retry_after("soon")
    (2.0, None)
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return seconds if 0 < seconds < 86_400 else None
