"""The rules by name, and how plain data becomes one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from yofo_rerank.errors import RuleError
from yofo_rerank.scoring.all import AllRule
from yofo_rerank.scoring.base import ScoringRule
from yofo_rerank.scoring.expression import ExpressionRule
from yofo_rerank.scoring.mean import MeanRule
from yofo_rerank.scoring.min import MinRule
from yofo_rerank.scoring.threshold_count import ThresholdCountRule
from yofo_rerank.scoring.weighted import WeightedRule

RULES: dict[str, type[ScoringRule]] = {
    "weighted": WeightedRule,
    "mean": MeanRule,
    "all": AllRule,
    "min": MinRule,
    "threshold_count": ThresholdCountRule,
    "expression": ExpressionRule,
}

# One of each, as data that `get_rule` takes
EXAMPLES: dict[str, dict[str, Any]] = {
    "weighted": {"kind": "weighted", "should_share": 0.2},
    "mean": {"kind": "mean"},
    "all": {"kind": "all"},
    "min": {"kind": "min"},
    "threshold_count": {"kind": "threshold_count", "threshold": 0.5},
    "expression": {"kind": "expression", "expression": "r1 and (r2 or not r3)"},
}


def get_rule(spec: str | Mapping[str, Any] | ScoringRule) -> ScoringRule:
    """A rule from its name, from plain data with a `kind`, or the rule itself.

    >>> get_rule("weighted").to_dict()
    {'kind': 'weighted', 'should_share': 0.2}
    >>> get_rule({"kind": "threshold_count", "threshold": 0.7}).kind
    'threshold_count'

    Raises:
        RuleError: an unknown kind, a missing or extra key, a value of the wrong type.
    """
    if isinstance(spec, ScoringRule):
        return spec
    data = {"kind": spec} if isinstance(spec, str) else spec
    if not isinstance(data, Mapping):
        raise RuleError(f"a scoring rule must be a name, a dict or a ScoringRule, but got {type(spec).__name__}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in RULES:
        problem = f"unknown scoring rule {kind!r:.80}" if "kind" in data else "a scoring rule as data needs a kind"
        example = json.dumps(EXAMPLES["threshold_count"])
        raise RuleError(
            f"{problem}; known kinds are {', '.join(RULES)}; a rule is such a name, or data such as {example}"
        )
    if not all(isinstance(key, str) for key in data):
        raise RuleError(f"the keys of a {kind} rule must be str, but got {list(data)!r:.80}")
    try:
        return RULES[kind](**data)
    except RuleError as error:
        raise RuleError(f"{error}; an example of kind {kind}: {json.dumps(EXAMPLES[kind])}") from error
