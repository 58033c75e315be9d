"""Min: a document is as good as its worst judgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yofo_rerank.requirements import Judgement
from yofo_rerank.scoring.base import ScoringRule


class MinRule(ScoringRule):
    """The smallest p_yes; necessity and weight are ignored."""

    kind: Literal["min"] = "min"

    def _score(self, judgements: Sequence[Judgement]) -> float:
        return min(judgement.p_yes for judgement in judgements)
