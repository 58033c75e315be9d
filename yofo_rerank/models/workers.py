"""A pool of threads that works ahead of the forward pass: hashing, decoding, resizing."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from yofo_rerank.errors import ImageError, YofoError

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_WORKERS = 16
AHEAD = 4  # results per worker that may wait for the pass; bounds memory


class Workers:
    """Threads that start when there is something to do, and are gone after the block, whatever happens in it.

    >>> with Workers() as workers:
    ...     list(workers.ahead(lambda number: number * 2, [1, 2, 3]))
    [(1, 2), (2, 4), (3, 6)]
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size or min(MAX_WORKERS, os.cpu_count() or 1)
        self._pool: ThreadPoolExecutor | None = None

    def ahead(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        known: Callable[[Item], Result | None] = lambda _: None,
    ) -> Iterator[tuple[Item, Result | YofoError]]:
        """Every item with its result, in order; a few are worked on ahead of the caller.

        An item that fails gets its error as its result: a picture too large for this machine's memory, too.

        Args:
            work: runs in the pool.
            items: taken one at a time.
            known: a result that needs no work; None = it does.
        """
        waiting: deque[tuple[Item, Future[Any]]] = deque()
        for item in items:
            result = known(item)
            if result is None:
                waiting.append((item, self._submit(work, item)))
                if len(waiting) > AHEAD * self._size:
                    yield _first(waiting)
            else:
                while waiting:
                    yield _first(waiting)
                yield item, result
        while waiting:
            yield _first(waiting)

    def _submit(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._size, thread_name_prefix="yofo-prepare")
        return self._pool.submit(work, item)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _first(waiting: deque[tuple[Item, Future[Any]]]) -> tuple[Item, Any]:
    """The oldest item, and its result once that is there; its error where it is one of ours."""
    item, future = waiting.popleft()
    try:
        return item, future.result()
    except YofoError as error:
        return item, error
    except MemoryError:
        return item, ImageError("not enough memory to decode this image", code="oom")
