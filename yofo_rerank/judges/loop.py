"""An event loop in a thread of its own: what runs there can be left at any point, which no blocking read can be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loop_apart(name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """A running loop; it and its thread end with the block.

    >>> with loop_apart("example") as loop:
    ...     asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "done"), loop).result()
    'done'
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
