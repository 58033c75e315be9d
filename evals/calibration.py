"""Whether 0.8 means four times in five: expected calibration error and Brier score of p_yes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.bootstrap import Estimate


def brier(p_yes: Sequence[float], answers: Sequence[bool]) -> float:
    """Mean squared distance between probability and answer; 0 is best, 0.25 is a constant 0.5.

    >>> brier([1.0, 0.5], [True, False])
    0.125
    """
    return float(np.mean((np.asarray(p_yes) - np.asarray(answers, dtype=float)) ** 2))


def expected_calibration_error(p_yes: Sequence[float], answers: Sequence[bool], *, bins: int = 15) -> float:
    """Mean distance between the share of yes and the mean p_yes, over bins of equal width, weighted by their size.

    >>> round(expected_calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False]), 3)
    0.25
    """
    return float(np.abs(_gaps(p_yes, answers, bins)).sum() / len(p_yes))


def calibration_error(
    clusters: Sequence[tuple[Sequence[float], Sequence[bool]]], *, bins: int = 15, seed: int = 0, resamples: int = 1000
) -> Estimate:
    """The expected calibration error of all answers, with its 95 % interval from resampling clusters (documents).

    Resampling adds chance to every bin, and so makes the error larger on the whole; by that much the interval is moved
    back. It tells how far the error varies by chance, not how much of it is chance.

    >>> found = calibration_error([([0.9, 0.1], [True, False])] * 50 + [([0.9, 0.1], [False, False])] * 10)
    >>> round(found.mean, 3), found.low < found.mean < found.high, found.n, found.clusters
    (0.083, True, 120, 60)

    Raises:
        ValueError: there is no answer.
    """
    filled = [cluster for cluster in clusters if len(cluster[0])]
    if not filled:
        raise ValueError("a calibration error wants at least one answer, but got none")
    gaps = np.stack([_gaps(p_yes, answers, bins) for p_yes, answers in filled])
    counts = np.array([len(p_yes) for p_yes, _ in filled])
    error = float(np.abs(gaps.sum(axis=0)).sum() / counts.sum())
    rng = np.random.default_rng(seed)
    found = np.empty(resamples)
    for resample in range(resamples):
        drawn = rng.integers(len(filled), size=len(filled))
        found[resample] = np.abs(gaps[drawn].sum(axis=0)).sum() / counts[drawn].sum()
    low, high = np.maximum(np.quantile(found, (0.025, 0.975)) - (found.mean() - error), 0)
    return Estimate(error, float(low), float(high), int(counts.sum()), len(filled))


def _gaps(p_yes: Sequence[float], answers: Sequence[bool], bins: int) -> np.ndarray:
    """The size of each bin times its gap."""
    probabilities = np.asarray(p_yes, dtype=float)
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = np.zeros(bins)
    np.add.at(gaps, places, probabilities - np.asarray(answers, dtype=float))
    return gaps
