"""What a requirement's words mean in the mini world, so that two ways to say one thing count as the same.

Used to compare a decomposer's requirements with those a query was made from; never to decide what is relevant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from yofo_rerank.mini.phrases import WORDS
from yofo_rerank.mini.statements import Claim
from yofo_rerank.requirements import Requirement

_NEGATIONS = frozenset({"not", "no", "without", "isn't", "nothing", "non"})
_FILLERS = frozenset(
    {"a", "an", "the", "it", "is", "has", "be", "must", "with", "of", "made", "pair", "piece", "item", "something"}
    | {"suitable", "in", "and", "or", "either", "any"}
)
_STARTS = ("a ", "an ", "pair of ", "piece of ", "made of ", "in ", "for ")


@dataclass(frozen=True)
class Meaning:
    """Claims of which any (or all) hold, or of which that is denied."""

    claims: frozenset[Claim]
    joined: str = "any"  # any, all; "any" for a single claim
    negated: bool = False


def meaning(text: str) -> Meaning | None:
    """Read a requirement; None if it has words that mean nothing here.

    >>> meaning("no belt") == meaning("without a belt")
    True
    >>> meaning("midi or long") == meaning("long or midi"), meaning("a teapot")
    (True, None)
    """
    words = text.lower().replace(",", " ").replace(".", " ").replace("non-", "non ").split()
    claims, rest, position = [], [], 0
    while position < len(words):
        for size in range(_longest(), 0, -1):
            claim = _phrasebook().get(" ".join(words[position : position + size]))
            if claim:
                claims.append(claim)
                break
        else:
            size = 1
            rest.append(words[position])
        position += size
    if not claims or set(rest) - _FILLERS - _NEGATIONS:
        return None
    joined = "all" if len(set(claims)) > 1 and "or" not in rest else "any"
    return Meaning(frozenset(claims), joined, bool(_NEGATIONS & set(rest)))


def same_requirements(ours: Iterable[Requirement], theirs: Iterable[Requirement]) -> bool:
    """Whether both lists hold the same meanings with the same necessity, each as often."""
    return _signature(ours) == _signature(theirs)


def equivalent_requirements(ours: Iterable[Requirement], theirs: Iterable[Requirement]) -> bool:
    """As `same_requirements`, but "red dress" counts as "red" and "dress"."""
    return _split(_signature(ours)) == _split(_signature(theirs))


Signature = Counter[tuple[Meaning | str, str]]


def _signature(requirements: Iterable[Requirement]) -> Signature:
    """Meanings with necessity; a text without a meaning stands for itself."""
    return Counter((meaning(one.text) or one.text, one.necessity) for one in requirements)


def _split(signature: Signature) -> set[tuple[Meaning | str, str]]:
    parts: set[tuple[Meaning | str, str]] = set()
    for read, necessity in signature:
        if isinstance(read, Meaning) and read.joined == "all" and not read.negated:
            parts |= {(Meaning(frozenset({claim})), necessity) for claim in read.claims}
        else:
            parts.add((read, necessity))
    return parts


@cache
def _phrasebook() -> dict[str, Claim]:
    book: dict[str, Claim] = {}
    for claim, shapes in WORDS.items():
        for words in (words for shape in shapes.values() for words in shape):
            for form in _forms(words, claim):
                book.setdefault(form, claim)
    return book


def _forms(words: str, claim: Claim) -> set[str]:
    """With and without article, preposition, "wear" and plural: "for office wear", "for office", "office"."""
    forms = {words}
    forms |= {form.removesuffix(" wear") for form in forms}
    forms |= {form.removeprefix(start) for form in forms for start in _STARTS}
    if claim[0] in ("category", "group"):
        forms |= {form + ending for form in forms for ending in ("s", "es")}
    return forms


@cache
def _longest() -> int:
    return max(len(words.split()) for words in _phrasebook())
