"""Threshold count: how many requirements are met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from yofo_rerank.requirements import Judgement
from yofo_rerank.scoring.base import ScoringRule


class ThresholdCountRule(ScoringRule):
    """The share of requirements with p_yes > threshold (a verdict is yes above 0.5); necessity and weight are ignored.

    >>> ThresholdCountRule(threshold=0.8).to_dict()
    {'kind': 'threshold_count', 'threshold': 0.8}
    """

    kind: Literal["threshold_count"] = "threshold_count"
    threshold: float = Field(default=0.5, ge=0, lt=1, allow_inf_nan=False)

    def _score(self, judgements: Sequence[Judgement]) -> float:
        return sum(judgement.p_yes > self.threshold for judgement in judgements) / len(judgements)
