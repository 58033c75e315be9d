"""What goes wrong, in a shape that every client reads: Cohere's look at `message`, Jina's at `detail`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yofo_rerank.errors import BROKEN, PASSING, ModelError, YofoError

UPSTREAM = ("remote_bad_answer", "remote_denied", "remote_refused")  # of the service that this one asks: 502
# what is broken here is 500, what may pass 503; what is in none of these is the caller's mistake
STATUS = {"too_many_bytes": 413} | dict.fromkeys(BROKEN, 500) | dict.fromkeys(UPSTREAM, 502)
STATUS |= dict.fromkeys(PASSING, 503)


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None, close: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after
        self._close = close

    def headers(self) -> dict[str, str]:
        """`Retry-After`, where the client may come again; `Connection`, where it must not come this way."""
        again = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return again | ({"Connection": "close"} if self._close else {})


def from_ours(error: YofoError) -> ApiError:
    """The answer to an error of the library.

    >>> from yofo_rerank.errors import RuleError
    >>> from_ours(RuleError("no such rule")).status
    422
    """
    usual = 500 if isinstance(error, ModelError) else 422  # no request chooses the model
    return from_code(error.code, str(error), usual=usual)


def from_code(code: str, message: str, *, usual: int = 422) -> ApiError:
    """The answer to what has a code: of the library's error, or of a document's failure.

    >>> from_code("oom", "not enough memory").headers()
    {'Retry-After': '1'}
    """
    status = STATUS.get(code, usual)
    return ApiError(status, code, message, retry_after=1 if status == 503 else None)


def from_validation(errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """The answer to a body that has not the shape: the first fault, by the path of its field."""
    first = errors[0]
    path = ".".join(str(part) for part in first["loc"] if part != "body")[:200]
    message = f"{path}: {first['msg']}" if path else str(first["msg"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ApiError(422, "bad_request", message[:500] + more)


def body(error: ApiError, request_id: str) -> dict[str, Any]:
    """As JSON.

    >>> body(ApiError(404, "unknown_model", "no such model"), "7")["detail"]
    'no such model'
    """
    return {"id": request_id, "code": error.code, "message": error.message, "detail": error.message}
