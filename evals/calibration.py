"""Whether 0.8 means four times in five: expected calibration error and Brier score of p_yes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
    probabilities = np.asarray(p_yes, dtype=float)
    truths = np.asarray(answers, dtype=float)
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = np.zeros(bins)
    np.add.at(gaps, places, probabilities - truths)  # a bin's size times its gap
    return float(np.abs(gaps).sum() / len(probabilities))
