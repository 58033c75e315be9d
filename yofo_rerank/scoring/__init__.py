"""Scoring rules: the judgements of one document become a score in 0..1; one rule per file, all of them plain data.

>>> from yofo_rerank.requirements import Judgement, Requirement
>>> judgements = [
...     Judgement(requirement=Requirement(text="blue"), p_yes=0.5, verdict=True),
...     Judgement(requirement=Requirement(text="hooded"), p_yes=0.25, verdict=False),
... ]
>>> get_rule("min").score(judgements)
0.25
>>> get_rule({"kind": "expression", "expression": "r1 and not r2"}).score(judgements)
0.375
"""

from yofo_rerank.scoring.all import AllRule
from yofo_rerank.scoring.base import ScoringRule, requirement_names
from yofo_rerank.scoring.expression import ExpressionRule
from yofo_rerank.scoring.mean import MeanRule
from yofo_rerank.scoring.min import MinRule
from yofo_rerank.scoring.registry import EXAMPLES, RULES, get_rule
from yofo_rerank.scoring.threshold_count import ThresholdCountRule
from yofo_rerank.scoring.weighted import WeightedRule

__all__ = [
    "AllRule",
    "EXAMPLES",
    "ExpressionRule",
    "MeanRule",
    "MinRule",
    "RULES",
    "ScoringRule",
    "ThresholdCountRule",
    "WeightedRule",
    "get_rule",
    "requirement_names",
]
