"""All: every requirement must hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from yofo_rerank.requirements import Judgement
from yofo_rerank.scoring.base import ScoringRule

_EDGE = 1e-7  # float32 answers saturate about here; keeps the log-odds of a certain answer finite


class AllRule(ScoringRule):
    """How likely it is that all requirements hold; necessity and weight are ignored.

    `product`: the product of p_yes (the probability that all hold, were they independent).
    `log_odds`: the mean of log(p / (1 - p)), turned back into a probability; a near miss costs less than in the
    product, and the score does not shrink as requirements are added.

    >>> AllRule(method="log_odds").to_dict()
    {'kind': 'all', 'method': 'log_odds'}
    """

    kind: Literal["all"] = "all"
    method: Literal["product", "log_odds"] = "product"

    def _score(self, judgements: Sequence[Judgement]) -> float:
        probabilities = [judgement.p_yes for judgement in judgements]
        if self.method == "product":
            return math.exp(math.fsum(map(math.log, probabilities))) if min(probabilities) > 0 else 0.0
        inner = [min(1 - _EDGE, max(_EDGE, p)) for p in probabilities]
        mean = math.fsum(math.log(p / (1 - p)) for p in inner) / len(inner)
        return 1 / (1 + math.exp(-mean))
