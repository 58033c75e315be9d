"""What every contestant must pass: it is there, it tells documents apart, and what fails is counted, never scored 0."""

from __future__ import annotations

from evals.baselines.counting import Counted, score_counting
from evals.baselines.presence import UNKNOWN, Missing, MissingBaseline, open_baseline, open_or_missing
from evals.baselines.scores import Checked, ConstantScores, check_scores, is_discrete, require_image

__all__ = [
    "UNKNOWN",
    "Checked",
    "ConstantScores",
    "Counted",
    "Missing",
    "MissingBaseline",
    "check_scores",
    "is_discrete",
    "open_baseline",
    "open_or_missing",
    "require_image",
    "score_counting",
]
