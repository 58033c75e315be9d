"""Statements about the statement before them ("the previous answer is no"), so that the base can read such questions.

A pretrained language model knows what "previous" and "opposite" mean; this one learns it here. The paper's own wording
(`training.arrange.OPPOSITE`, section 4.5) is kept from training.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from yofo_rerank.mini.statements import Statement

SAME = (
    "the statement before is true",
    "the previous statement is right",
    "the answer to the previous question is yes",
    "the same as the previous answer",
    "this question has the same answer as the question before",
)
OPPOSITE = (
    "the statement before is false",
    "the previous statement is wrong",
    "the answer to the previous question is no",
    "the opposite of the previous answer",
    "this question has the opposite answer of the question before",
)


def with_follow_ups(statements: Sequence[Statement], rng: random.Random, share: float) -> list[Statement]:
    """The statements, of which about `share` now speak of the one before them; no two such in a row.

    >>> import random
    >>> from yofo_rerank.mini.attributes import sample_garment
    >>> from yofo_rerank.mini.statements import sample_statements
    >>> rng = random.Random(1)
    >>> said = sample_statements(sample_garment(rng), rng, 2)
    >>> [one.form for one in with_follow_ups(said, rng, 1.0)][1]
    'follow-up'
    """
    found = list(statements[:1])
    for statement in statements[1:]:
        before = found[-1]
        asks = before.form != "follow-up" and rng.random() < share
        found.append(follow_up(before, rng) if asks else statement)
    return found


def follow_up(before: Statement, rng: random.Random) -> Statement:
    """A statement about `before`; what decides it is what decides that one."""
    denied = rng.random() < 0.5
    text = rng.choice(OPPOSITE if denied else SAME)
    return replace(before, text=text, answer=before.answer != denied, form="follow-up")
