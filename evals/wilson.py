"""The interval of a share where all values are alike, of which resampling says nothing."""

from __future__ import annotations

from collections.abc import Mapping

from scipy.stats import binomtest


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n values.

    >>> low, high = wilson(0.0, 65)
    >>> low, round(high, 3)
    (0.0, 0.056)
    """
    found = binomtest(round(share * n), n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def interval(found: Mapping[str, float]) -> tuple[float, float, float]:
    """Mean, low and high of an estimate; Wilson's bounds where every value was 0, or every one 1.

    Resampling values that are all alike gives no width, as if nothing could ever go wrong. What is said of one document
    or query goes together, so they are counted, where the record says how many there were.

    >>> interval({"mean": 0.5, "low": 0.4, "high": 0.6, "n": 100})
    (0.5, 0.4, 0.6)
    """
    mean, low, high = float(found["mean"]), float(found["low"]), float(found["high"])
    count = int(found.get("clusters") or found.get("n") or 0)
    if low == high == mean and mean in (0.0, 1.0) and count:
        low, high = wilson(mean, count)
    return mean, low, high
