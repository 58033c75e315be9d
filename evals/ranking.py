"""How good orders are, by ir_measures: runs are lists of document ids, best first; judgments are grades 0 to 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
from ir_measures import RR, P, nDCG

from evals.bootstrap import Estimate, estimate

Run = Mapping[str, Sequence[str]]  # query id -> document ids, best first
Grades = Mapping[str, Mapping[str, int]]  # query id -> document id -> grade; 0 where absent

PERFECT = 2
MEASURES: dict[str, Any] = {
    "precision@1": P(rel=1) @ 1,  # the first place satisfies every must
    "perfect@1": P(rel=PERFECT) @ 1,  # and every should
    "nDCG@10": nDCG @ 10,
    "MRR": RR(rel=1),
    "MRR perfect": RR(rel=PERFECT),
}
OF_PERFECT = ("perfect@1", "MRR perfect")


def measures_of(grades: Grades) -> dict[str, Any]:
    """The measures that these grades allow: nothing is perfect where no document has grade 2.

    >>> list(measures_of({"q": {"a": 1}}))
    ['precision@1', 'nDCG@10', 'MRR']
    """
    graded = any(grade >= PERFECT for found in grades.values() for grade in found.values())
    return {name: one for name, one in MEASURES.items() if graded or name not in OF_PERFECT}


def measure(run: Run, grades: Grades) -> dict[str, list[float]]:
    """Every measure for every query of `grades`, in their order; a query that the run lacks scores 0.

    >>> found = measure({"q": ["b", "a"]}, {"q": {"a": 2, "b": 1}})
    >>> found["precision@1"], found["perfect@1"], found["MRR perfect"]
    ([1.0], [0.0], [0.5])
    """
    scores = {query: {id_: -float(place) for place, id_ in enumerate(ids)} for query, ids in run.items()}
    measures = measures_of(grades)
    by_measure: dict[str, dict[str, float]] = {name: {} for name in measures}
    names = {measure_: name for name, measure_ in measures.items()}
    for metric in ir_measures.iter_calc(list(measures.values()), {q: dict(g) for q, g in grades.items()}, scores):
        by_measure[names[metric.measure]][metric.query_id] = float(metric.value)
    return {name: [values.get(query, 0.0) for query in grades] for name, values in by_measure.items()}


def summarise(run: Run, grades: Grades) -> dict[str, Estimate]:
    """Means over queries, with intervals."""
    return {name: estimate([[value] for value in values]) for name, values in measure(run, grades).items()}


def recall(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of the wanted documents that were found.

    >>> recall(["a", "b", "c"], ["b", "d"])
    0.5
    """
    return len(set(found) & set(wanted)) / len(wanted)


def ideal_order(found: Sequence[str], grades: Mapping[str, int]) -> list[str]:
    """The best order of what was found: the ceiling of any reranker of these candidates."""
    return sorted(found, key=lambda id_: -grades.get(id_, 0))
