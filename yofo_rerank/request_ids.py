"""One id through it all: of a request to a service, and of what the service asks of a server for its sake."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

HEADER = "X-Request-Id"

_current: ContextVar[str | None] = ContextVar("yofo_request_id", default=None)


def new_id() -> str:
    """An id that nothing else has.

    >>> len(new_id())
    16
    """
    return secrets.token_hex(8)


def set_id(request_id: str) -> None:
    """Say for what request the rest of this context (a task, say) works."""
    _current.set(request_id)


def current_id() -> str:
    """The id of the request that is being answered here, or a new one."""
    return _current.get() or new_id()
