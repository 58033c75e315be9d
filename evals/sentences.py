"""How requirements become a sentence that a shopper might type."""

from __future__ import annotations

import random
from collections.abc import Sequence

from evals.oracle import OracleRequirement, say

_OPENINGS = ("", "", "I'm looking for ", "I need ", "show me ", "find me ", "I want ", "looking for ", "do you have ")
_PREFERENCES = ("preferably {}", "ideally {}", "if possible {}", "preferably {}", "ideally {}")
# The order of adjectives before a noun; others follow it: "a long red dress that is suitable for summer".
_ORDER = ("length", "sleeves", "ruched", "asymmetric_hem", "hood", "belt", "colour", "pattern", "material")
_ARTICLES = ("a ", "an ")


def compose(oracle: Sequence[OracleRequirement], rng: random.Random) -> tuple[str, str]:
    """A sentence with every requirement, and one with the positive musts alone.

    The sentence says the negative ones after commas, in a clause or in a sentence of their own.
    """
    opening = rng.choice(_OPENINGS)
    positive = [one for one in oracle if one.necessity == "must" and not one.negated]
    denied = [one for one in oracle if one.negated]
    thing, after = _thing(positive, with_article=bool(opening) or rng.random() < 0.5)
    plain = opening + thing
    style = rng.choice((_commas, _clause, _sentences))
    should = [
        rng.choice(_PREFERENCES).format(say(one.shape, one.words[0], with_noun=True))
        for one in oracle
        if one.necessity == "should"
    ]
    return style(plain, after, denied, should, rng), ", ".join([plain, *after])


def article(words: str) -> str:
    """`a` or `an`, by sound as far as the mini vocabulary needs it.

    >>> article("orange dress"), article("one-piece"), article("unpatterned top")
    ('an', 'a', 'an')
    """
    return "an" if words[0] in "aeiou" and not words.startswith("one") else "a"


def _thing(positive: Sequence[OracleRequirement], *, with_article: bool) -> tuple[str, list[str]]:
    """The noun phrase ("a red dress with a belt"), and what goes after commas ("for summer")."""
    head = next((one.words[0] for one in positive if one.shape == "kind"), "")
    before = sorted(
        (one for one in positive if one.shape == "adj" and one.claims[0][0] in _ORDER and _is_short(one)),
        key=lambda one: _ORDER.index(one.claims[0][0]),
    )
    adjectives = [" or ".join(one.words) for one in before]
    predicates = [" or ".join(one.words) for one in positive if one.shape == "adj" and one not in before]
    with_ = [one.words[0] for one in positive if one.shape == "noun"]
    after = [one.words[0] for one in positive if one.shape == "prep"]
    if not head:
        thing = " ".join(["something", " and ".join(adjectives)]).strip()
    else:
        measure = "pair of " if head.startswith("pair of ") else ""  # "a pair of red trousers"
        phrase = measure + " ".join([*adjectives, head.removeprefix(measure)])
        thing = f"{article(phrase)} {phrase}" if with_article else phrase.removeprefix("pair of ")
    if predicates:
        thing += " that is " + " and ".join(predicates)
    if with_:
        thing += (" and has " if predicates else " with ") + _listed(with_)
    return thing, after


def _is_short(one: OracleRequirement) -> bool:
    """Whether the words can stand before a noun: "polka dot" can, "above the knee" cannot."""
    return all(" " not in word or word in ("polka dot",) or word.startswith("mainly ") for word in one.words)


def _commas(
    plain: str, after: list[str], denied: Sequence[OracleRequirement], should: list[str], rng: random.Random
) -> str:
    """As in: a red dress, not striped, for an evening event, preferably with pockets."""
    tail = [*after, *(say(one.shape, one.words[0], negated=True) for one in denied)]
    rng.shuffle(tail)
    return ", ".join([plain, *tail, *should])


def _clause(
    plain: str, after: list[str], denied: Sequence[OracleRequirement], should: list[str], rng: random.Random
) -> str:
    """As in: a red dress for an evening event that is not striped and has no belt, preferably with pockets."""
    if " that " in plain:  # one clause is enough
        return _commas(plain, after, denied, should, rng)
    said = " ".join([plain, *after])
    if denied:
        said += " that " + " and ".join(_denied_clause(one) for one in denied)
    return ", ".join([said, *should])


def _sentences(
    plain: str, after: list[str], denied: Sequence[OracleRequirement], should: list[str], _rng: random.Random
) -> str:
    """As in: a red dress, for an evening event. It must not be striped. Preferably with pockets."""
    said = [", ".join([plain, *after])]
    said += [
        f"It must not have {one.words[0]}" if one.shape == "noun" else f"It must not be {one.words[0]}"
        for one in denied
    ]
    said += [preference[0].upper() + preference[1:] for preference in should]
    return ". ".join(said) + ("." if len(said) > 1 else "")


def _denied_clause(one: OracleRequirement) -> str:
    words = one.words[0]
    if one.shape != "noun":
        return f"is not {words}"
    return f"has no {next((words[len(start) :] for start in _ARTICLES if words.startswith(start)), words)}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
