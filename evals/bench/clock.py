"""Seconds and bytes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def seconds(action: Callable[..., Any], *arguments: Any) -> float:
    """How long one call takes; waits for a GPU to finish."""
    _synchronise()
    started = time.perf_counter()
    action(*arguments)
    _synchronise()
    return time.perf_counter() - started


def middle(values: list[float]) -> dict[str, Any]:
    """Median and all values, so that a reader sees the spread.

    >>> middle([3.0, 1.0, 2.0])
    {'median': 2.0, 'all': [3.0, 1.0, 2.0]}
    """
    return {"median": statistics.median(values), "all": values}


def peak_memory() -> int | None:
    """The most bytes of memory this program held so far; None where the system does not say.

    Not `getrusage`: its maximum survives `exec`, so a child would report its parent's.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return found[0] * 1024 if found else None


def _synchronise() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
