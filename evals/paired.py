"""Whether one contestant is better than another on the same pairs: the paired bootstrap."""

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
