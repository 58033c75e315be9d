"""Statements in an order that does not tell the answer: a model that reads them jointly sees their places."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.verdict_sets.record import Asked


def shuffled(asked: Sequence[Asked], seed: str) -> tuple[Asked, ...]:
    """The statements in an order drawn from the seed; what depends on others still comes after them.

    >>> from evals.verdict_sets.record import Asked
    >>> said = [Asked("a dog", True), Asked("the dog is black", True, (0,)), Asked("a cat", False)]
    >>> [(one.text, one.depends_on) for one in shuffled(said, "dog-1")]
    [('a cat', ()), ('a dog', ()), ('the dog is black', (1,))]
    """
    rng = random.Random(f"order {seed}")
    places: list[int] = []  # of the statements, as they were, in their new order
    left = list(range(len(asked)))
    while left:
        ready = [place for place in left if not set(asked[place].depends_on) & set(left)]
        place = rng.choice(ready or left)  # a circle of the makers is cut anywhere
        places.append(place)
        left.remove(place)
    new = {place: at for at, place in enumerate(places)}
    return tuple(
        replace(asked[place], depends_on=tuple(new[parent] for parent in asked[place].depends_on)) for place in places
    )
