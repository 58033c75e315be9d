"""How uvicorn serves the application: one parser, whose bounds hold, and no connection that sends nothing."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from yofo_rerank.serving.settings import Limits

KEEP_ALIVE = 30  # seconds between two requests of one connection
MAX_CONNECTIONS = 512  # beyond it 503; below the 1,024 open files that many systems allow a process
MAX_HEADER_BYTES = 64 * 1024
MIN_READ = 64 * 1024  # bytes of an answer that a client takes within those seconds, or it is left


class Impatient(H11Protocol):
    """Ends a connection that for some seconds has sent no complete headers, or taken next to nothing of an answer.

    uvicorn waits for ever for both.
    """

    seconds: float = KEEP_ALIVE
    _until: asyncio.TimerHandle | None = None
    _unread = math.inf  # bytes of answers that the client had not taken at the last look

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._until is not None:
            self._until.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; what is left of a body that nobody read counts as nothing."""
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        if self._until is not None:
            self._until.cancel()
        self._unread = math.inf
        self._until = self.loop.call_later(self.seconds, self._end_unless_asked)

    def _end_unless_asked(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            return
        unread = self.transport.get_write_buffer_size()
        if not unread:
            self.transport.close()
        elif self._unread - unread < MIN_READ:
            self.transport.abort()  # closing would wait for ever for somebody who reads nothing
        else:
            self._unread = unread
            self._until = self.loop.call_later(self.seconds, self._end_unless_asked)


def settings(limits: Limits) -> dict[str, Any]:
    """Of `uvicorn.Config`, for a service with these limits.

    >>> settings(Limits(deadline=60, body_seconds=30))["timeout_graceful_shutdown"]
    95
    """
    return {
        "http": Impatient,
        "ws": "none",
        "lifespan": "on",
        "limit_concurrency": MAX_CONNECTIONS,
        "h11_max_incomplete_event_size": MAX_HEADER_BYTES,
        "timeout_keep_alive": KEEP_ALIVE,
        "timeout_graceful_shutdown": int(limits.body_seconds + limits.deadline) + 5,  # a request that is just begun
        "access_log": False,  # ours says more, and nothing of what was asked
        "server_header": False,
    }
