"""True and false things to say about a garment, in many wordings, each as often true as false.

A *claim* is (attribute, value); a *statement* is a claim, its negation, or a disjunction of two claims, in words. A
claim is drawn with a weight that makes every claim equally often true and false over the whole world, so that a
guesser who reads only the words gains nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from yofo_rerank.mini.attributes import FLAGS, Garment, sample_garment
from yofo_rerank.mini.frames import HELD_OUT_FRAMES, LONG_FRAMES, SHORT_FRAMES, Frames
from yofo_rerank.mini.phrases import WORDS, phrase

Claim = tuple[str, str]  # (attribute, value)
CLAIMS: tuple[Claim, ...] = tuple(WORDS)
# Claims that compete for one statement: the values of an attribute, or all the things a garment has or lacks.
POOLS: dict[str, tuple[Claim, ...]] = {
    attribute: tuple(claim for claim in CLAIMS if claim[0] == attribute)
    for attribute in dict.fromkeys(attribute for attribute, value in CLAIMS if value != "yes")
} | {"flag": tuple(claim for claim in CLAIMS if claim[1] == "yes")}
_POOL_WEIGHTS = dict.fromkeys(POOLS, 1.0) | {
    "flag": 12.0,
    "colour": 1.4,
    "category": 1.2,
    "pattern": 1.5,
    "second_colour": 0.7,
    "group": 0.7,
    "palette": 0.5,
    "nickname": 0.5,
}


@dataclass(frozen=True)
class Statement:
    """One statement about one garment: words, truth, the reason, and what kind of statement it is."""

    text: str
    answer: bool
    reason: str
    form: str  # plain, negated, either
    attribute: str


def holds(garment: Garment, claim: Claim) -> bool:
    """Whether a claim is true of a garment.

    >>> from yofo_rerank.mini.attributes import Garment
    >>> dress = Garment("dress", "red", None, "solid", "long", "v", "midi", "satin")
    >>> holds(dress, ("colour", "red")), holds(dress, ("hood", "yes"))
    (True, False)
    """
    attribute, value = claim
    actual = getattr(garment, attribute)
    return bool(actual) if value == "yes" else actual == value


def reason(garment: Garment, attribute: str) -> str:
    """What is so about this attribute, in a few words; the post-hoc reason of the template (paper §3.3)."""
    actual = getattr(garment, attribute)
    if attribute in FLAGS:
        return f"{attribute.replace('_', ' ')} : {'yes' if actual else 'no'}"
    return f"{attribute.replace('_', ' ')} : {actual or 'none'}"


def sample_statements(
    garment: Garment,
    rng: random.Random,
    n: int = 10,
    *,
    held_out: bool = False,
    form: str | None = None,
) -> list[Statement]:
    """Draw n statements about a garment, at most two on one attribute.

    >>> import random
    >>> from yofo_rerank.mini.attributes import sample_garment
    >>> len(sample_statements(sample_garment(random.Random(1)), random.Random(2)))
    10
    """
    statements: list[Statement] = []
    used: dict[str, int] = {}
    while len(statements) < n:
        kind = form or rng.choices(("plain", "negated", "either"), (0.5, 0.3, 0.2))[0]
        statement = _draw(garment, rng, kind, held_out)
        if used.get(statement.attribute, 0) < 2 and all(statement.text != other.text for other in statements):
            used[statement.attribute] = used.get(statement.attribute, 0) + 1
            statements.append(statement)
    return statements


def _draw(garment: Garment, rng: random.Random, form: str, held_out: bool) -> Statement:
    if form == "either":
        pool, pair = _balanced(garment, _PAIRS, rng)
        text = _say_either(pair if rng.random() < 0.5 else pair[::-1], rng, held_out)
        return Statement(text, any(holds(garment, claim) for claim in pair), reason(garment, pool), form, pool)
    _, (claim,) = _balanced(garment, _SINGLES, rng)
    negated = form == "negated"
    text = say(claim, rng, "no" if negated else "yes", held_out)
    return Statement(text, holds(garment, claim) != negated, reason(garment, claim[0]), form, claim[0])


Group = tuple[Claim, ...]  # one claim, or two that a disjunction joins
_SINGLES: dict[str, list[Group]] = {pool: [(claim,) for claim in claims] for pool, claims in POOLS.items()}
_NEVER_PAIRED = ("flag", "second_colour", "palette", "nickname")
_PAIRS: dict[str, list[Group]] = {
    pool: list(combinations(claims, 2)) for pool, claims in POOLS.items() if pool not in _NEVER_PAIRED
}


def _balanced(garment: Garment, pools: dict[str, list[Group]], rng: random.Random) -> tuple[str, Group]:
    """Draw a pool and one group of it, so that over the whole world each group is true in half of its uses.

    A group with prior p of being true weighs 0.5 / p where it is true and 0.5 / (1 - p) where it is false. The
    garments on which a pool weighs little (a skirt has no sleeves) are asked about it less often, by rejection.
    """
    while True:
        pool = rng.choices(tuple(pools), [_POOL_WEIGHTS[name] for name in pools])[0]
        weights = [_weight(group, any(holds(garment, claim) for claim in group)) for group in pools[pool]]
        if rng.random() * _heaviest(pool, len(pools[pool][0])) < sum(weights):
            return pool, rng.choices(pools[pool], weights)[0]


@cache
def _weight(group: Group, true: bool) -> float:
    prior = sum(_prior()[claim] for claim in group)  # values of one attribute exclude each other
    return 0.5 / (prior if true else 1 - prior)


@cache
def _heaviest(pool: str, size: int) -> float:
    """The largest total weight of a pool on any garment."""
    groups = (_SINGLES if size == 1 else _PAIRS)[pool]
    if pool == "flag":
        return sum(max(_weight(group, True), _weight(group, False)) for group in groups)
    others = (pool, "")  # a garment of which none of the claims is true
    return max(sum(_weight(group, claim in group) for group in groups) for claim in (*POOLS[pool], others))


@cache
def _prior() -> dict[Claim, float]:
    rng = random.Random("prior")
    garments = [sample_garment(rng) for _ in range(4000)]
    return {claim: sum(holds(garment, claim) for garment in garments) / len(garments) for claim in CLAIMS}


def say(claim: Claim, rng: random.Random, polarity: str, held_out: bool) -> str:
    """A claim in words; `polarity` "no" denies it, `held_out` takes a wording kept from training.

    >>> say(("belt", "yes"), random.Random(1), "yes", held_out=True)
    'it must be belted'
    """
    shapes = WORDS[claim]
    frames = _frames(rng, held_out)[polarity]
    shape = rng.choice(tuple(shapes))
    words = rng.choice(shapes[shape])
    if words.startswith("no ") and polarity == "no":  # "without no sleeves" is not English
        return say(claim, rng, polarity, held_out)
    return phrase(rng.choice(frames[shape]), words)


def _say_either(pair: Group, rng: random.Random, held_out: bool) -> str:
    first, second = pair
    shape = rng.choice([shape for shape in WORDS[first] if shape in WORDS[second]])
    one, other = rng.choice(WORDS[first][shape]), rng.choice(WORDS[second][shape])
    either = "either " if shape != "kind" and (held_out or rng.random() < 0.4) else ""
    if shape == "kind" and not held_out and rng.random() < 0.5:
        return f"{phrase('{a} {0}', one)} or {phrase('{a} {0}', other)}"
    return phrase(rng.choice(_frames(rng, held_out)["yes"][shape]), f"{either}{one} or {other}")


def _frames(rng: random.Random, held_out: bool) -> Frames:
    """Held-out frames, or those of training: a short one as often as one of the many long ones."""
    return HELD_OUT_FRAMES if held_out else rng.choice((SHORT_FRAMES, LONG_FRAMES))
