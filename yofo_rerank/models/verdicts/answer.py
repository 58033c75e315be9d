"""What the model said about one requirement of one document, before calibration."""

from __future__ import annotations

import math
from typing import NamedTuple


class Answer(NamedTuple):
    """Log-odds of yes against no, uncalibrated, so that a later calibration applies to kept ones too.

    >>> Answer(2.5).label_mass is None
    True
    """

    log_odds: float
    label_mass: float | None = None  # share of the vocabulary that yes and no have; None = not measured

    @property
    def is_finite(self) -> bool:
        """Whether it is an answer at all; a broken model's NaN is never kept."""
        return math.isfinite(self.log_odds) and (self.label_mass is None or math.isfinite(self.label_mass))
