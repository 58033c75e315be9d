"""Figures of one contestant on one ranking task: mteb's own scores, and ours with intervals and what failed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evals.ranking import MEASURES, measure, summarise

SCORES = ("ndcg_at_", "map_at_", "recall_at_", "precision_at_", "mrr_at_", "main_score")


def figures_of(scores: Mapping[str, Any], found: Mapping[str, Any], grades: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into the record.

    Args:
        scores: of mteb, by split.
        found: of each query by its key: scores, failures, seconds.
        grades: relevant documents of each query by the same keys.
    """
    failed = Counter(code for one in found.values() for code in one["failed"].values())
    pairs = sum(len(one["scores"]) + len(one["failed"]) for one in found.values())
    seconds = sum(one["seconds"] for one in found.values())
    return {
        "mteb": {split: [_shown(one) for one in subsets] for split, subsets in scores.items()},
        "by_query": {name: asdict(one) for name, one in summarise(_orders(found), grades).items()},
        "queries": len(found),
        "pairs": pairs,
        "failed": {"documents": failed.total(), "by_reason": dict(failed)},
        "ties": _ties(found),
        "seconds": seconds,
        "pairs_per_second": pairs / seconds if seconds else None,
    }


def values_of(found: Mapping[str, Any], grades: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Every measure of every query by its key, for paired comparisons."""
    values = measure(_orders(found), grades)
    return {name: dict(zip(grades, one, strict=True)) for name, one in values.items()}


def titles_of(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The titles of `row_of`, which are those of every contestant on the same task."""
    return (*(name for name in MEASURES if name in figures["by_query"]), "failed", "pairs/s")


def row_of(figures: Mapping[str, Any]) -> tuple[Any, ...]:
    """One row of the table: our measures with intervals, what failed, speed."""
    shown = [figures["by_query"][name] for name in MEASURES if name in figures["by_query"]]
    return (
        *(f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]" for one in shown),
        figures["failed"]["documents"],
        figures["pairs_per_second"],
    )


def _orders(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Best first; equal scores in the candidates' order."""
    return {key: sorted(one["scores"], key=one["scores"].__getitem__, reverse=True) for key, one in found.items()}


def _ties(found: Mapping[str, Any]) -> float:
    """Share of queries whose first place is shared by equal scores."""
    tops = [sorted(one["scores"].values(), reverse=True)[:2] for one in found.values()]
    return sum(len(top) == 2 and top[0] == top[1] for top in tops) / len(tops)


def _shown(subset: Mapping[str, Any]) -> dict[str, Any]:
    """Scores without mteb's areas under abstention, which compare confidences and not orders."""
    kept = {name: value for name, value in subset.items() if name.startswith(SCORES) or name == "hf_subset"}
    return {name: value for name, value in kept.items() if not (isinstance(value, float) and math.isnan(value))}
