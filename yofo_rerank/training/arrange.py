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


def dependent(example: Example, rng: random.Random, *, where: str) -> Example:
    """Two random properties, the second replaced by one that asks for the opposite of the first answer.

    The second can only be answered from the model's own, unwritten first answer. It carries no reason.
    """
    if len(example.properties) < 2:
        raise ExampleError(f"{where}: dependency_aware wants two properties or more, but got {len(example.properties)}")
    first, _ = rng.sample(example.properties, 2)
    second = Property(text=OPPOSITE, answer=not first.answer)
    return example.model_copy(update={"properties": (first, second)})


def without_reasons(example: Example) -> Example:
    """The template of inference (paper section 3.4)."""
    bare = tuple(prop.model_copy(update={"reason": None}) for prop in example.properties)
    return example.model_copy(update={"properties": bare})
