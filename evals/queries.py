"""Shoppers' sentences made from garments, with the truth about what would satisfy them.

A query is drawn from a target garment of the catalogue, so that a perfect item exists. What is relevant follows from
the claims the query was made of and the garments' attributes; no decomposer and no model is asked.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.oracle import OracleRequirement
from evals.sentences import compose
from yofo_rerank.mini.attributes import FLAGS, Garment
from yofo_rerank.mini.phrases import WORDS
from yofo_rerank.mini.statements import CLAIMS, POOLS, Claim, holds
from yofo_rerank.requirements import Requirement

MIN_REQUIREMENTS, MAX_REQUIREMENTS = 2, 5
MAX_POSITIVE = 60  # items that the positive part may admit: a first stage of 100 can bring them all
TRIES_PER_PLAN, PLANS_PER_QUERY = 1000, 20

_POSITIVE = ("colour", "pattern", "sleeves", "neckline", "length", "material", "season", "occasion", *FLAGS)
_DISJOINT = ("colour", "pattern", "sleeves", "length", "material")
_NEGATED = ("colour", "pattern", "sleeves", "length", "material", *FLAGS)


Truth = dict[Claim, np.ndarray]  # for each claim, of which garments it holds  # (garments,)


@dataclass(frozen=True)
class Plan:
    """How many requirements of which kind a query shall have."""

    head: str  # category, group, or "" for "something"
    positive: int
    disjunction: bool
    negations: int
    should: bool

    @property
    def size(self) -> int:
        """Requirements in all."""
        return bool(self.head) + self.positive + self.disjunction + self.negations + self.should


@dataclass(frozen=True)
class GeneratedQuery:
    """A sentence, its positive part alone, and the requirements it was made from."""

    id: str
    text: str
    positive_text: str
    oracle: tuple[OracleRequirement, ...]
    target: int  # place of the garment it was drawn from

    @property
    def requirements(self) -> list[Requirement]:
        """The requirements a perfect decomposer would find."""
        return [one.requirement for one in self.oracle]

    def grade(self, garment: Garment) -> int:
        """0: misses a must; 1: satisfies every must; 2: and every should."""
        if not all(one.holds(garment) for one in self.oracle if one.necessity == "must"):
            return 0
        return 2 if all(one.holds(garment) for one in self.oracle) else 1

    def satisfies_positive(self, garment: Garment) -> bool:
        """Whether every must that is not negated holds: all that a first stage can be asked for."""
        return all(one.holds(garment) for one in self.oracle if one.necessity == "must" and not one.negated)


def generate_queries(
    garments: Sequence[Garment], n: int, seed: int, *, targets: Sequence[int] | None = None
) -> list[GeneratedQuery]:
    """Draw n different queries about a catalogue; `targets` limits the garments that they are drawn from.

    Each has 2 to 5 requirements, each negation and each should makes a difference in this catalogue, and the positive
    part admits at most `MAX_POSITIVE` items.

    Raises:
        ValueError: the catalogue is too small for n such queries.
    """
    rng = random.Random(f"queries {seed}")
    places = list(range(len(garments))) if targets is None else list(targets)
    truth = {claim: np.array([holds(garment, claim) for garment in garments]) for claim in CLAIMS}
    queries: dict[str, GeneratedQuery] = {}
    for _ in range(PLANS_PER_QUERY * n if places else 0):
        if len(queries) == n:
            break
        found = _fulfil(draw_plan(rng), garments, places, truth, rng)
        if found:
            target, oracle = found
            text, positive_text = compose(oracle, rng)
            queries.setdefault(text, GeneratedQuery(f"q{len(queries):03d}", text, positive_text, oracle, target))
    if len(queries) < n:
        raise ValueError(f"wanted {n} queries, but the catalogue of {len(garments)} admits only {len(queries)}")
    return list(queries.values())


def draw_plan(rng: random.Random) -> Plan:
    """About 70 % with a negation, 30 % with a disjunction, 40 % with a should."""
    while True:
        plan = Plan(
            head=rng.choices(("category", "group", ""), (0.75, 0.17, 0.08))[0],
            positive=rng.choice((1, 1, 2, 2, 3)),
            disjunction=rng.random() < 0.3,
            negations=rng.choices((0, 1, 2), (0.3, 0.52, 0.18))[0],
            should=rng.random() < 0.4,
        )
        if MIN_REQUIREMENTS <= plan.size <= MAX_REQUIREMENTS:
            return plan


def _fulfil(
    plan: Plan, garments: Sequence[Garment], places: Sequence[int], truth: Truth, rng: random.Random
) -> tuple[int, tuple[OracleRequirement, ...]] | None:
    """A target and requirements that fit the plan; None if none were found."""
    for _ in range(TRIES_PER_PLAN):
        target = rng.choice(places)
        oracle = draw_requirements(garments[target], plan, rng)
        if len(oracle) == plan.size and _is_useful(oracle, truth):
            return target, tuple(oracle)
    return None


def draw_requirements(garment: Garment, plan: Plan, rng: random.Random) -> list[OracleRequirement]:
    """Requirements that all hold of the garment, at most one for each attribute; fewer if it has too little."""
    free = [name for name in _POSITIVE if getattr(garment, name)]
    rng.shuffle(free)
    drawn = [_single(_claim(garment, plan.head), rng, shape="kind")] if plan.head else []
    if plan.disjunction:
        disjoint = next((name for name in free if name in _DISJOINT), None)
        if disjoint is None:
            return []
        free.remove(disjoint)
        drawn.append(_either(_claim(garment, disjoint), rng))
    drawn += [_single(_claim(garment, name), rng) for name in free[: plan.positive]]
    wished = free[plan.positive : plan.positive + plan.should]
    used = {claim[0] for one in drawn for claim in one.claims} | set(wished)
    absent = [claim for claim in CLAIMS if claim[0] in _NEGATED and claim[0] not in used and not holds(garment, claim)]
    for name in rng.sample(sorted({claim[0] for claim in absent}), plan.negations):
        claim = rng.choice([claim for claim in absent if claim[0] == name])
        drawn.append(_single(claim, rng, negated=True))
    return drawn + [_single(_claim(garment, name), rng, necessity="should") for name in wished]


def _is_useful(oracle: Sequence[OracleRequirement], truth: Truth) -> bool:
    """Whether the positive part is specific, and every negation and should changes what is best."""
    musts = [_holds(one, truth) for one in oracle if one.necessity == "must"]
    positive = [_holds(one, truth) for one in oracle if one.necessity == "must" and not one.negated]
    if not positive or np.logical_and.reduce(positive).sum() > MAX_POSITIVE:
        return False
    selective = [one for one in oracle if one.negated or one.necessity == "should"]
    return all(_changes(_holds(one, truth), musts) for one in selective)


def _changes(holds_of: np.ndarray, musts: Sequence[np.ndarray]) -> bool:
    """Whether some garment misses this requirement and none of the other musts."""
    others = [must for must in musts if not np.array_equal(must, holds_of)]
    return bool((np.logical_and.reduce(others) & ~holds_of).any())


def _holds(one: OracleRequirement, truth: Truth) -> np.ndarray:
    return np.logical_or.reduce([truth[claim] for claim in one.claims]) != one.negated


def _claim(garment: Garment, attribute: str) -> Claim:
    return (attribute, "yes" if attribute in FLAGS else getattr(garment, attribute))


def _single(
    claim: Claim, rng: random.Random, *, shape: str | None = None, negated: bool = False, necessity: str = "must"
) -> OracleRequirement:
    shapes = {name: tuple(w for w in words if not w.startswith("no ")) for name, words in WORDS[claim].items()}
    shape = shape or rng.choice(sorted(shapes))
    return OracleRequirement((claim,), shape, (rng.choice(shapes[shape]),), negated, necessity)


def _either(claim: Claim, rng: random.Random) -> OracleRequirement:
    other = rng.choice([one for one in POOLS[claim[0]] if one != claim])
    claims = tuple(rng.sample((claim, other), 2))
    # one word each: "short or midi", not "above the knee or mid-length"
    words = tuple(
        rng.choice([word for word in WORDS[one]["adj"] if " " not in word or "dot" in word]) for one in claims
    )
    return OracleRequirement(claims, "adj", words)
