"""Pairs of one category with a customer's sentence, its requirements and an expression (the paper's test set, 4.2)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.contestants.lessons import draw_oracle
from evals.oracle import OracleRequirement
from evals.sentences import compose
from yofo_rerank import Document, Requirement
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.catalog import SIZE, sample_garments
from yofo_rerank.mini.render import render

PER_PAIR = 3  # garments of the catalogue for each pair, so that a category has others to draw from


@dataclass(frozen=True)
class Pair:
    """Two garments of one category; the better one satisfies everything, the other does not."""

    text: str
    oracle: tuple[OracleRequirement, ...]
    garments: tuple[Garment, Garment]
    looks: tuple[int, int]  # seeds of the two pictures
    better: int  # 0 or 1

    @property
    def requirements(self) -> list[Requirement]:
        """What the sentence asks for, one by one: the requirements that the paper's test set brings with it."""
        return [one.requirement for one in self.oracle]

    @property
    def expression(self) -> str:
        """A must counts twice as much as a wish."""
        return expression(self.oracle)

    @property
    def differences(self) -> int:
        """How many requirements the worse garment misses."""
        return sum(not one.holds(self.garments[1 - self.better]) for one in self.oracle)

    def draw(self) -> list[Document]:
        """Both pictures."""
        return [
            Document(image=render(garment, seed=look, size=SIZE))
            for garment, look in zip(self.garments, self.looks, strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Enough to draw the pair again."""
        garments = [
            {"attributes": asdict(garment), "look": look}
            for garment, look in zip(self.garments, self.looks, strict=True)
        ]
        return {"query": self.text, "expression": self.expression, "garments": garments, "better": self.better}


class Pictures:
    """The pictures of pairs, each drawn when it is first asked for: none where every score is known already."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs
        self._drawn: dict[int, list[Document]] = {}

    def __getitem__(self, place: int) -> list[Document]:
        if place not in self._drawn:
            self._drawn[place] = self._pairs[place].draw()
        return self._drawn[place]


def expression(oracle: Sequence[OracleRequirement]) -> str:
    """The sum of what holds, in the words of `yofo_rerank.scoring.expression`.

    >>> expression([OracleRequirement((("belt", "yes"),), "noun", ("a belt",))])
    '2*r1'
    """
    weights = [2 if one.necessity == "must" else 1 for one in oracle]
    return " + ".join(f"2*r{at}" if weight == 2 else f"r{at}" for at, weight in enumerate(weights, start=1))


def make_pairs(n: int, seed: int, *, held_out: bool = True) -> list[Pair]:
    """Draw n pairs; with `held_out` both garments are combinations that no training met."""
    rng = random.Random(f"pairs {seed}")
    garments = sample_garments(PER_PAIR * n + 100, seed, held_out=held_out)
    by_category: dict[str, list[int]] = defaultdict(list)
    for place, garment in enumerate(garments):
        by_category[garment.category].append(place)
    pairs: dict[str, Pair] = {}
    while len(pairs) < n:
        place = rng.randrange(len(garments))
        oracle = draw_oracle(garments[place], rng)
        worse = [
            other for other in by_category[garments[place].category]
            if not all(one.holds(garments[other]) for one in oracle)
        ]  # fmt: skip
        if worse:
            both = (place, rng.choice(worse))
            better = rng.randrange(2)
            first, second = both if better == 0 else both[::-1]
            pair = Pair(
                compose(oracle, rng)[0],
                oracle,
                (garments[first], garments[second]),
                (seed * 1_000_003 + first, seed * 1_000_003 + second),
                better,
            )
            pairs.setdefault(pair.text, pair)
    return list(pairs.values())
