"""Mean: every requirement counts the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yofo_rerank.requirements import Judgement
from yofo_rerank.scoring.base import ScoringRule


class MeanRule(ScoringRule):
    """The mean of p_yes; necessity and weight are ignored."""

    kind: Literal["mean"] = "mean"

    def _score(self, judgements: Sequence[Judgement]) -> float:
        return sum(judgement.p_yes for judgement in judgements) / len(judgements)
