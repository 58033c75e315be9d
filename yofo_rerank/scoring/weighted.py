"""Weighted: musts decide, shoulds break ties. The default."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from yofo_rerank.requirements import Judgement
from yofo_rerank.scoring.base import ScoringRule

_FLOOR = 0.01  # no single answer is trusted beyond 1 in 100: two missed musts are worse than one very surely missed
_LIGHTEST, _HEAVIEST = 0.5, 2.0  # no must becomes negligible, none drowns the others


class WeightedRule(ScoringRule):
    """Musts multiply, shoulds add up to a bounded bonus.

    score = m * (1 - should_share + should_share * s), where

    - m = product over the musts of (0.01 + 0.99 p_yes) ** (weight / mean weight of the musts, held in 0.5..2):
      with equal weights, the probability that all musts hold, were they independent;
    - s = mean of p_yes over the shoulds, by weight (1 without shoulds). Without musts the score is s.

    However many shoulds are missed, they cost at most `should_share` of the score; a must missed for sure costs 90 % of
    it or more (99 % at the mean weight). So for confident judgements, documents that meet all musts come first, and the
    shoulds order them.

    >>> WeightedRule().to_dict()
    {'kind': 'weighted', 'should_share': 0.2}
    """

    kind: Literal["weighted"] = "weighted"
    should_share: float = Field(default=0.2, gt=0, le=0.5, allow_inf_nan=False)

    def _score(self, judgements: Sequence[Judgement]) -> float:
        musts = [judgement for judgement in judgements if judgement.requirement.necessity == "must"]
        shoulds = [judgement for judgement in judgements if judgement.requirement.necessity == "should"]
        if not musts:
            return _mean_by_weight(shoulds)
        bonus = _mean_by_weight(shoulds) if shoulds else 1.0
        return _all_hold(musts) * (1 - self.should_share + self.should_share * bonus)


def _all_hold(musts: Sequence[Judgement]) -> float:
    weights = _shares(musts)
    logs = []
    for judgement, share in zip(musts, weights, strict=True):
        exponent = min(_HEAVIEST, max(_LIGHTEST, share * len(musts)))
        logs.append(exponent * math.log(_FLOOR + (1 - _FLOOR) * judgement.p_yes))
    return math.exp(math.fsum(logs))


def _mean_by_weight(judgements: Sequence[Judgement]) -> float:
    return math.fsum(share * judgement.p_yes for share, judgement in zip(_shares(judgements), judgements, strict=True))


def _shares(judgements: Sequence[Judgement]) -> list[float]:
    """The weights, scaled to sum 1; by the largest first, so that huge weights do not overflow."""
    weights = [judgement.requirement.weight for judgement in judgements]
    scaled = [weight / max(weights) for weight in weights]
    total = math.fsum(scaled)
    return [weight / total for weight in scaled]
