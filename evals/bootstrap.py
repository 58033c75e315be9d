"""How sure a mean is: percentile bootstrap over clusters, because what is said of one document goes together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` values in `clusters`, with the interval that holds it in 95 of 100 resamplings."""

    mean: float
    low: float
    high: float
    n: int
    clusters: int

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def estimate(clusters: Sequence[Sequence[float]], *, seed: int = 0, resamples: int = 1000) -> Estimate:
    """Mean of all values; the clusters, not the values, are resampled.

    >>> result = estimate([[1, 1], [0, 1], [1, 1]])
    >>> round(result.mean, 3), result.n, result.low < result.mean < result.high
    (0.833, 6, True)

    Raises:
        ValueError: there is no value.
    """
    filled = [cluster for cluster in clusters if len(cluster)]
    if not filled:
        raise ValueError("a mean wants at least one value, but got none")
    sums = np.array([np.sum(cluster) for cluster in filled], dtype=float)
    counts = np.array([len(cluster) for cluster in filled])
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for resample in range(resamples):  # one at a time: (resamples, clusters) at once can be large
        drawn = rng.integers(len(filled), size=len(filled))
        means[resample] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), int(counts.sum()), len(filled))
