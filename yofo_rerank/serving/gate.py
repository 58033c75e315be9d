"""Who is judged now, who waits, who is sent away; and who is not waited for any more.

Requests run in threads of one pool. What they ask about one document at one time is asked in one pass: that is the
engine's own doing (`yofo_rerank.models.works`), so nothing is merged here.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from yofo_rerank.request_ids import current_id, set_id
from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.pace import Pace
from yofo_rerank.serving.settings import Limits

Result = TypeVar("Result")

LOOK_EVERY = 0.1  # seconds between two looks at whether the client is still there
SURE = 0.8  # of the deadline: how long a request may be expected to take, as the pace is a guess


class Stopped(BaseException):
    """Raised inside a thread whose request nobody waits for; no `Exception`, so that no document counts as failed."""


class Gate:
    """Bounds what runs and what waits; used from one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.running, thread_name_prefix="yofo-serve")
        self.pace = Pace()
        self.draining = False

    @property
    def waiting(self) -> int:
        """Requests that have no place yet."""
        return max(0, self.pace.inside - self._limits.running)

    @property
    def running(self) -> int:
        """Requests that are judged now."""
        return min(self.pace.inside, self._limits.running)

    def check_room(self) -> None:
        """Whether one more may come in; asked before a body is parsed too, which costs more than a refusal should.

        Raises:
            ApiError: 429 where too many wait, 503 while draining.
        """
        if self.draining:
            raise ApiError(503, "draining", "the service is shutting down", retry_after=5)
        if self.pace.inside >= self._limits.running + self._limits.waiting:
            raise ApiError(429, "overloaded", f"{self._limits.waiting} requests are waiting already", retry_after=1)

    def _check_time(self, documents: int) -> None:
        """Whether so many more would be judged in time; who is alone may always try."""
        late = self.pace.seconds(documents) - SURE * self._limits.deadline
        if late > 0:
            message = f"what is inside takes so long that {documents} more documents would not be judged in time"
            again = math.ceil(min(late, self._limits.deadline))
            raise ApiError(429, "overloaded", message, retry_after=again)

    async def run(
        self,
        work: Callable[[Callable[[int, int], None]], Result],
        is_gone: Callable[[], Awaitable[bool]],
        documents: int,
    ) -> Result:
        """What `work` returns; it gets a progress callback, by which it is stopped between two batches.

        Args:
            work: called in a thread.
            is_gone: whether the client went away.
            documents: that it judges.

        Raises:
            ApiError: 429 where too many wait, or too much for the deadline; 503 while draining; 504 beyond the
                deadline; 499 without a client.
        """
        self.check_room()
        self._check_time(documents)
        number, stop = self.pace.enter(documents), threading.Event()
        # the id alone, not all of the context: what Ray keeps in it makes many calls of one request one call
        submitted = self._pool.submit(_stoppable, work, stop, partial(self.pace.saw, number), current_id())

        def left(done: Future[Result]) -> None:
            self.pace.leave(number, judged=not done.cancelled() and done.exception() is None)

        # of the thread's own future: who is not waited for any more holds its place until the thread is done
        submitted.add_done_callback(left)
        return await self._outcome(asyncio.wrap_future(submitted), stop, is_gone)

    async def _outcome(
        self, future: asyncio.Future[Result], stop: threading.Event, is_gone: Callable[[], Awaitable[bool]]
    ) -> Result:
        deadline = time.monotonic() + self._limits.deadline
        try:
            while True:
                done, _ = await asyncio.wait({future}, timeout=LOOK_EVERY)
                if done:
                    return future.result()
                if time.monotonic() > deadline:
                    raise ApiError(504, "deadline", f"not judged within {self._limits.deadline:g} s", retry_after=1)
                if await is_gone():
                    raise ApiError(499, "client_gone", "the client went away")
        finally:
            stop.set()
            future.cancel()  # if it still waits for a thread
            if not future.done():
                future.add_done_callback(_forget)

    async def drain(self) -> None:
        """Take nobody in any more, and wait for those inside, at most for their deadline."""
        self.draining = True
        until = time.monotonic() + self._limits.deadline
        while self.pace.inside and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _stoppable(
    work: Callable[[Callable[[int, int], None]], Result],
    stop: threading.Event,
    saw: Callable[[int], None],
    request_id: str,
) -> Result:
    set_id(request_id)

    def tick(judged: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        if total:  # else it is not judged yet
            saw(total - judged)

    try:
        tick(0, 0)
        return work(tick)
    except Stopped as error:
        raise ApiError(499, "stopped", "nobody waited for it any more") from error


def _forget(future: asyncio.Future[Result]) -> None:
    """Nobody awaits it: take its error, so that the loop does not complain."""
    if not future.cancelled():
        future.exception()
