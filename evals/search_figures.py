"""What a run of `evals.mini_search` says: quality of four orders, recall, blame, decomposer and judge.

No figure asks a decomposer or a model what is relevant: that follows from how the queries were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.bootstrap import estimate
from evals.meaning import equivalent_requirements, same_requirements
from evals.queries import GeneratedQuery
from evals.ranking import Grades, ideal_order, measure, recall, summarise
from yofo_rerank import Ranking, Requirement
from yofo_rerank.decompose import Decomposer
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.scoring import RULES, get_rule

# Orders of the same candidates, from what there was to what is possible; each loss between two has one cause.
ORDERS = ("first stage", "reranked", "reranked, given requirements", "ideal")


@dataclass(frozen=True)
class Task:
    """A catalogue with the truth about it, and queries to it."""

    garments: Mapping[str, Garment]  # by document id
    queries: Sequence[GeneratedQuery]
    grades: Grades


@dataclass(frozen=True)
class Searched:
    """One query, searched: candidates, and two rankings of them."""

    query: GeneratedQuery
    candidates: tuple[str, ...]
    positive_candidates: tuple[str, ...]  # what the positive part of the query alone brings
    reranked: Ranking
    given: Ranking  # with the requirements that the query was made of


def figures_of(task: Task, searched: Sequence[Searched], decomposer: Decomposer) -> dict[str, Any]:
    """Everything that is reported."""
    runs = orders(task, searched)
    return {
        "queries": query_figures(task),
        "first_stage": first_stage_figures(task, searched),
        "orders": {name: _plain(summarise(run, task.grades)) for name, run in runs.items()},
        "blame": blame_figures(task, runs),
        "rules": {
            kind: _plain(summarise({one.query.id: by_rule(one.reranked, kind) for one in searched}, task.grades))
            for kind in RULES
        },
        "decomposer": decomposer_figures(task, decomposer),
        "judge": judge_figures(task, searched),
    }


def orders(task: Task, searched: Sequence[Searched]) -> dict[str, dict[str, list[str]]]:
    """The four orders of each query's candidates."""
    return {
        "first stage": {one.query.id: list(one.candidates) for one in searched},
        "reranked": {one.query.id: _ranked_ids(one.reranked) for one in searched},
        "reranked, given requirements": {one.query.id: _ranked_ids(one.given) for one in searched},
        "ideal": {one.query.id: ideal_order(one.candidates, task.grades[one.query.id]) for one in searched},
    }


def by_rule(ranking: Ranking, kind: str) -> list[str]:
    """The order that another rule makes of the same judgements; ties keep the first stage's order."""
    rule = get_rule(
        {"kind": kind, "expression": expression(ranking.query.requirements)} if kind == "expression" else kind
    )
    scored = [(rule.score(one.judgements) if one.judgements else -1.0, one.index, one.document.id) for one in ranking]
    return [id_ for _, _, id_ in sorted(scored, key=lambda one: (-one[0], one[1]))]


def expression(requirements: Sequence[Requirement]) -> str:
    """Every must, and then as many shoulds as possible.

    >>> expression([Requirement(text="red"), Requirement(text="belted", necessity="should"), Requirement(text="long")])
    '2*(r1 and r3) + r2'
    """
    names = {necessity: [f"r{n}" for n, one in enumerate(requirements, 1) if one.necessity == necessity]
             for necessity in ("must", "should")}  # fmt: skip
    musts = f"{len(names['should']) + 1}*({' and '.join(names['must'])})" if names["must"] else ""
    return " + ".join(part for part in (musts, *names["should"]) if part)


def query_figures(task: Task) -> dict[str, Any]:
    """What the queries are like."""
    oracle = [query.oracle for query in task.queries]
    relevant = [len(grades) for grades in task.grades.values()]
    return {
        "n": len(oracle),
        "with_negation": sum(any(one.negated for one in parts) for parts in oracle),
        "with_disjunction": sum(any(len(one.claims) > 1 for one in parts) for parts in oracle),
        "with_should": sum(any(one.necessity == "should" for one in parts) for parts in oracle),
        "by_size": dict(sorted(Counter(len(parts) for parts in oracle).items())),
        "relevant_mean": sum(relevant) / len(relevant),
        "relevant_max": max(relevant),
        "examples": [query.text for query in task.queries[:12]],
    }


def first_stage_figures(task: Task, searched: Sequence[Searched]) -> dict[str, Any]:
    """Recall at the depth of the candidates, of items that are exact in the whole query or in its positive part."""
    whole, positive, by_positive_text = [], [], []
    for one in searched:
        exact = list(task.grades[one.query.id])
        exact_positive = [id_ for id_, garment in task.garments.items() if one.query.satisfies_positive(garment)]
        whole.append([recall(one.candidates, exact)])
        positive.append([recall(one.candidates, exact_positive)])
        by_positive_text.append([recall(one.positive_candidates, exact_positive)])
    return {
        "depth": len(searched[0].candidates),
        "recall_whole": asdict(estimate(whole)),
        "recall_positive": asdict(estimate(positive)),
        "recall_positive_by_positive_text": asdict(estimate(by_positive_text)),
        "all_exact_found": sum(value == [1.0] for value in whole) / len(whole),
    }


def blame_figures(task: Task, runs: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, Any]:
    """Where nDCG@10 is lost, and for each query whose first place is not perfect, who caused it.

    First stage: no perfect item among the candidates. Decomposer: the given requirements put one first. Judge (and
    rule): they do not either.
    """
    found = {name: measure(runs[name], task.grades) for name in ORDERS}
    ndcg = {name: sum(found[name]["nDCG@10"]) / len(task.queries) for name in ORDERS}
    causes: Counter[str] = Counter()
    failures = []
    for place, query in enumerate(task.queries):
        perfect = {name: found[name]["perfect@1"][place] == 1 for name in ORDERS}
        cause = (
            "none" if perfect["reranked"]
            else "first stage" if not perfect["ideal"]
            else "decomposer" if perfect["reranked, given requirements"]
            else "judge"
        )  # fmt: skip
        causes[cause] += 1
        if cause != "none":
            failures.append({"query": query.text, "cause": cause})
    return {
        "ndcg_lost_by": {
            "first stage": 1 - ndcg["ideal"],
            "judge": ndcg["ideal"] - ndcg["reranked, given requirements"],
            "decomposer": ndcg["reranked, given requirements"] - ndcg["reranked"],
        },
        "imperfect_first_places": {name: causes[name] for name in ("first stage", "judge", "decomposer")},
        "failures": failures,
    }


def decomposer_figures(task: Task, decomposer: Decomposer) -> dict[str, Any]:
    """How often the decomposer finds what the query was made of.

    Exact: the same meanings and necessities, one by one. Equivalent: "midi dress" counts as "midi" and "dress".
    """
    exact = equivalent = 0
    misread = []
    for query in task.queries:
        found = decomposer.decompose(query.text).requirements
        exact += same_requirements(found, query.requirements)
        if equivalent_requirements(found, query.requirements):
            equivalent += 1
        else:
            misread.append({"query": query.text, "found": _texts(found), "wanted": _texts(query.requirements)})
    n = len(task.queries)
    return {"name": decomposer.name, "exact": exact / n, "equivalent": equivalent / n, "misread": misread}


def judge_figures(task: Task, searched: Sequence[Searched]) -> dict[str, Any]:
    """How often the judge is right about the candidates, given the queries' own requirements."""
    hits: dict[str, list[list[bool]]] = {"all": [], "positive": [], "negated": [], "either": []}
    for one in searched:
        per_kind: dict[str, list[bool]] = {kind: [] for kind in hits}
        for ranked in one.given:
            for part, judgement in zip(one.query.oracle, ranked.judgements, strict=False):  # none where it failed
                right = judgement.verdict == part.holds(task.garments[ranked.document.id])
                kind = "negated" if part.negated else "either" if len(part.claims) > 1 else "positive"
                per_kind["all"].append(right)
                per_kind[kind].append(right)
        for kind, values in per_kind.items():
            hits[kind].append(values)
    return {kind: asdict(estimate(values)) for kind, values in hits.items() if any(values)}


def _ranked_ids(ranking: Ranking) -> list[str]:
    return [one.document.id for one in ranking]


def _texts(requirements: Sequence[Requirement]) -> list[str]:
    return [f"{one.text} ({one.necessity})" for one in requirements]


def _plain(estimates: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(found) for name, found in estimates.items()}
