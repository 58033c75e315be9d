"""What goes wrong, in a shape that every client reads: Cohere's look at `message`, Jina's at `detail`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yofo_rerank.errors import YofoError

STATUS = {  # of our own codes; what is not here is the caller's mistake
    "too_many_bytes": 413,
    "bad_model": 500,
    "error": 500,
    "missing_extra": 500,
}


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    def headers(self) -> dict[str, str]:
        """`Retry-After`, where the client may come again."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


def from_ours(error: YofoError) -> ApiError:
    """The answer to an error of the library.

    >>> from yofo_rerank.errors import RuleError
    >>> from_ours(RuleError("no such rule")).status
    422
    """
    return ApiError(STATUS.get(error.code, 422), error.code, str(error))


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
