"""The order of an example's properties: shuffled anew every epoch, or made dependency-aware (paper section 4.5)."""

from __future__ import annotations

import random

from yofo_rerank.errors import ExampleError
from yofo_rerank.training.examples import Example, Property

OPPOSITE = "The answer to this question is the opposite of the answer to the previous question"


def draw(*key: object) -> random.Random:
    """A random generator that depends on the key alone: the same on every machine and in every process.

    >>> draw(42, 0, 7).random() == draw(42, 0, 7).random()
    True
    """
    return random.Random(":".join(map(str, key)))


def shuffled(example: Example, rng: random.Random) -> Example:
    """The same properties in random order, so that no statement owns a position."""
    return example.model_copy(update={"properties": tuple(rng.sample(example.properties, len(example.properties)))})


def dependent(example: Example, rng: random.Random, *, where: str, keep_reason: bool = False) -> Example:
    """Two random properties, the second replaced by one that asks for the opposite of the first answer.

    The paper wants the second inferred "without being given the first property's answer": what may be seen before it is
    the document, the first statement and the placeholder, and that is all there is at inference. A reason of the first
    would stand in between and give the answer away ("the dress is navy"), so it is dropped, unless it is kept to be
    learnt behind a mask (`hide_reasons`). The second never has one.

    Args:
        example: two properties or more.
        rng: draws the pair.
        where: of the example, for messages.
        keep_reason: the first keeps its reason, because nothing behind it will see it.

    Raises:
        ExampleError: fewer than two properties.
    """
    pairs = dependent_pairs(example, where=where, keep_reason=keep_reason)
    chosen, _ = rng.sample(range(len(pairs)), 2)
    return pairs[chosen]


def dependent_pairs(example: Example, *, where: str, keep_reason: bool) -> list[Example]:
    """What `dependent` draws from: one pair per property, which stands first in it."""
    if len(example.properties) < 2:
        raise ExampleError(f"{where}: dependency_aware wants two properties or more, but got {len(example.properties)}")
    pairs = []
    for prop in example.properties:
        first = prop if keep_reason else prop.model_copy(update={"reason": None})
        second = Property(text=OPPOSITE, answer=not first.answer)
        pairs.append(example.model_copy(update={"properties": (first, second)}))
    return pairs


def without_reasons(example: Example) -> Example:
    """The template of inference (paper section 3.4)."""
    bare = tuple(prop.model_copy(update={"reason": None}) for prop in example.properties)
    return example.model_copy(update={"properties": bare})
