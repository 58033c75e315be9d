"""What the single-score contestants learn from: customers' sentences, and which pictures satisfy them.

The sentences come from the grammar of the evaluation itself (`evals.sentences`), about garments of training: the
single-score contestants meet its wording beforehand, which is to their advantage.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evals.contestants.pictures import Pictures
from evals.oracle import OracleRequirement
from evals.queries import draw_plan, draw_requirements
from evals.sentences import compose
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.clip_texts import truths
from yofo_rerank.mini.statements import CLAIMS

_COLUMNS = {claim: column for column, claim in enumerate(CLAIMS)}


@dataclass(frozen=True)
class Shelf:
    """The training pictures, arranged for drawing."""

    pictures: Pictures

    @cached_property
    def truth(self) -> np.ndarray:
        """Which claims hold of which garments  # (garments, claims), bool."""
        return truths(self.pictures.garments)

    @cached_property
    def by_category(self) -> dict[str, list[int]]:
        """Places of the garments of each category."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, garment in enumerate(self.pictures.garments):
            places[garment.category].append(place)
        return dict(places)


@dataclass(frozen=True)
class Asked:
    """Pictures, one sentence drawn from each, and which pictures satisfy which sentences in full."""

    places: list[int]
    texts: list[str]
    matches: np.ndarray  # (texts, pictures), bool; the diagonal is true


def ask_about(shelf: Shelf, rng: random.Random, *, categories: int, each: int) -> Asked:
    """Draw `each` garments of some categories, and a sentence from each; the others of a category are negatives."""
    known = sorted(shelf.by_category)
    chosen = [shelf.by_category[name] for name in rng.sample(known, min(categories, len(known)))]
    places = [place for of_one in chosen for place in rng.sample(of_one, min(each, len(of_one)))]
    oracles = [draw_oracle(shelf.pictures.garments[place], rng) for place in places]
    return Asked(places, [compose(oracle, rng)[0] for oracle in oracles], satisfied(oracles, shelf.truth[places]))


def draw_oracle(garment: Garment, rng: random.Random) -> tuple[OracleRequirement, ...]:
    """Two to five requirements that hold of the garment."""
    while True:
        plan = draw_plan(rng)
        oracle = draw_requirements(garment, plan, rng)
        if len(oracle) == plan.size:
            return tuple(oracle)


def satisfied(oracles: Sequence[Sequence[OracleRequirement]], truth: np.ndarray) -> np.ndarray:
    """Which garments fulfil all requirements, wishes too  # (oracles, garments), bool."""
    result = np.ones((len(oracles), len(truth)), dtype=bool)
    for row, oracle in zip(result, oracles, strict=True):
        for one in oracle:
            row &= truth[:, [_COLUMNS[claim] for claim in one.claims]].any(axis=1) != one.negated
    return result
