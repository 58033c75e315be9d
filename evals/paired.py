"""Whether one contestant is better than another on the same pairs, and by how much: the paired bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """Mean of (one - other) over the same items, its 95 % interval, and how likely a difference of none is."""

    mean: float
    low: float
    high: float
    p_value: float  # two-sided; below 2 / resamples where no resampling went the other way: fewer cannot be told
    resamples: int


@dataclass(frozen=True)
class Interval:
    """A ratio, and its 95 % interval; None = without limit."""

    value: float | None
    low: float | None
    high: float | None


def paired_difference(
    one: Sequence[float], other: Sequence[float], *, seed: int = 0, resamples: int = 2000
) -> Difference:
    """Resample the items, not the two lists apart from each other.

    >>> found = paired_difference([1, 1, 1, 0] * 20, [0, 0, 1, 0] * 20)
    >>> found.mean, found.p_value < 0.01
    (0.5, True)

    Raises:
        ValueError: lists of different lengths, or empty ones.
    """
    if len(one) != len(other) or not len(one):
        raise ValueError(f"wanted two lists of one length, but got {len(one)} and {len(other)} values")
    gaps = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    rng = np.random.default_rng(seed)
    means = np.array([gaps[rng.integers(len(gaps), size=len(gaps))].mean() for _ in range(resamples)])
    low, high = np.quantile(means, (0.025, 0.975))
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p_value = min(1.0, 2 * (tail + 1) / (resamples + 1))  # the resampling that nobody drew counts too: never 0
    return Difference(float(gaps.mean()), float(low), float(high), p_value, resamples)


def paired_ratio(one: Sequence[float], other: Sequence[float], *, seed: int = 0, resamples: int = 2000) -> Interval:
    """Sum of one by sum of the other over the same items; an end of the interval without limit is None.

    >>> found = paired_ratio([1, 0, 0, 0] * 20, [1, 1, 0, 0] * 20)
    >>> found.value, found.low < 0.5 < found.high
    (0.5, True)

    Raises:
        ValueError: lists of different lengths, or empty ones.
    """
    if len(one) != len(other) or not len(one):
        raise ValueError(f"wanted two lists of one length, but got {len(one)} and {len(other)} values")
    both = np.array([one, other], dtype=float)  # (2, items)
    rng = np.random.default_rng(seed)
    sums = np.array([both[:, rng.integers(both.shape[1], size=both.shape[1])].sum(1) for _ in range(resamples)])
    ratios = np.divide(sums[:, 0], sums[:, 1], out=np.full(resamples, np.inf), where=sums[:, 1] > 0)
    low, high = np.quantile(ratios, (0.025, 0.975), method="nearest")  # no mean of two where one has no limit
    value = both[0].sum() / both[1].sum() if both[1].sum() else np.inf
    return Interval(*(float(end) if np.isfinite(end) else None for end in (value, low, high)))
