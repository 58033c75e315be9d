"""One JSON request within a deadline: what may pass is tried again, what is refused is not."""

from __future__ import annotations

import email.utils
import json
import random
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import RemoteError

if TYPE_CHECKING:
    import httpx

FIRST_PAUSE = 0.25  # seconds; doubled at each further try
LONGEST_PAUSE = 20.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_AGAIN = (408, 425, 429)  # of the 4xx; and every 5xx
_FOR_GOOD = ("remote_bad_answer", "remote_denied", "remote_refused", "remote_timeout")
_OF_THE_BODY = (400, 413, 415, 422)  # another document may be taken


def post_json(
    client: httpx.Client, path: str, body: Mapping[str, Any], *, deadline: float, tries: int, stop: threading.Event
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
            return _once(client, path, content, deadline)
        except RemoteError as error:
            pause = getattr(error, "retry_after", None) or FIRST_PAUSE * 2**place * random.uniform(0.5, 1.0)
            last = place + 1 == tries or error.code in _FOR_GOOD
            if last or time.monotonic() + min(pause, LONGEST_PAUSE) >= deadline or pause > LONGEST_PAUSE:
                raise
            if stop.wait(pause):
                raise RemoteError("the caller stopped", code="stopped") from error
    raise AssertionError("unreachable")  # pragma: no cover - tries is at least 1


def _once(client: httpx.Client, path: str, content: bytes, deadline: float) -> Any:
    import httpx

    try:
        with client.stream(
            "POST", path, content=content, headers={"Content-Type": "application/json"}, timeout=_left(deadline)
        ) as response:
            data = _read(response, deadline)
    except httpx.TimeoutException as error:
        raise RemoteError("no answer within the deadline", code="remote_timeout") from error
    except httpx.HTTPError as error:
        raise RemoteError(f"the server cannot be reached: {error!s:.200}", code="remote_unreachable") from error
    if response.status_code != 200:
        raise _refusal(response, data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"the answer is no JSON: {data[:80]!r}", code="remote_bad_answer") from error


def _read(response: httpx.Response, deadline: float) -> bytes:
    """All of a body, which may neither trickle on beyond the deadline nor be endless."""
    data = bytearray()
    for piece in response.iter_bytes():
        data += piece
        if len(data) > MAX_ANSWER_BYTES:
            raise RemoteError(f"the answer has more than {MAX_ANSWER_BYTES:,} bytes", code="remote_bad_answer")
        _left(deadline)
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise RemoteError("no answer within the deadline", code="remote_timeout")
    return left


def _refusal(response: httpx.Response, data: bytes) -> RemoteError:
    status = response.status_code
    if status in (429, 503):
        code = "remote_overloaded"
    elif status in _AGAIN or status >= 500:
        code = "remote_failed"
    else:
        code = "remote_refused" if status in _OF_THE_BODY else "remote_denied"
    said = data[:200].decode(errors="replace")
    error = RemoteError(f"the server answered {status}: {said}", code=code)
    error.retry_after = _retry_after(response.headers.get("retry-after"))
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
