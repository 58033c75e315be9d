"""The body of a request: bounded in bytes and in time, before anything reads it."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.settings import Limits


async def read_body(request: Request, limits: Limits) -> bytearray:
    """All of it.

    Raises:
        ApiError: 413 too large, 408 too slow, 415 no JSON, 499 the client went away.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "not_json", f"wanted the content type application/json, but got {kind[:80]!r}")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limits.max_body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _all(request, limits)
    except TimeoutError as error:
        raise ApiError(408, "body_too_slow", f"the body took more than {limits.body_seconds:g} s") from error
    except ClientDisconnect as error:
        raise ApiError(499, "client_gone", "the client went away") from error


async def _all(request: Request, limits: Limits) -> bytearray:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > limits.max_body_bytes:
            raise _too_large(limits)
    return data  # no copy of what may be large


def _too_large(limits: Limits) -> ApiError:
    return ApiError(413, "too_many_bytes", f"the body has more than {limits.max_body_bytes:,} bytes")
