"""Sentences with the requirements that they state, and how what a decomposer found compares with them.

A line of a file is `query => requirement | ~wish | part + part`, other acceptable readings after ` // `. Parts joined
by `+` may be found as one phrase or as several; nothing after `=>` means that the sentence asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yofo_rerank.requirements import DecomposedQuery, Requirement

Outcome = Literal["right", "whole", "inverted", "garbled"]

# Words that deny, in a label or in the user's own words; a text that holds one still says so.
_DENYING = """
    no not non without never nothing none neither nor cannot isnt arent wasnt hasnt havent doesnt dont didnt wont cant
    shouldnt mustnt wouldnt couldnt hate hates avoid exclude except skip dislike dislikes undesirable detests hide minus
    free stand"""
_FILLING = """
    a an the some any it its that which who is are be was been has have having with in of to for as and or made
    colour color coloured colored one ones anything something i we please just must should can"""
_DENIALS, _FILLERS = frozenset(_DENYING.split()), frozenset(_FILLING.split())
_WORD = re.compile(r"[\w$€£%.]+(?:['’]\w+)?")  # noqa: RUF001 - both apostrophes are typed


@dataclass(frozen=True)
class Part:
    """One requirement as words without order: what it is about, whether that is denied, whether it is a wish."""

    words: frozenset[str]
    denied: bool
    wish: bool


@dataclass(frozen=True)
class Sentence:
    """A query and its acceptable readings, the best first; a reading is a list of groups of parts."""

    query: str
    readings: tuple[tuple[tuple[Part, ...], ...], ...]
    line: str


def read_sentences(path: Path) -> list[Sentence]:
    """The sentences of a file; lines that start with # are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_sentence(line) for line in lines if line.strip() and not line.startswith("#")]


def outcome(sentence: Sentence, decomposed: DecomposedQuery) -> Outcome:
    """What became of a sentence.

    right: exactly the requirements of a reading. inverted: what is denied came out as wanted, or the other way round.
    whole: what is not right stands in the user's own words, and a warning says so. garbled: anything else.
    """
    found = [(one, part_of(one.text, wish=one.necessity == "should")) for one in decomposed.requirements]
    if any(_explains(reading, [part for _, part in found]) for reading in sentence.readings):
        return "right"
    if not sentence.readings[0] and _is_verbatim(decomposed.query, sentence.query) and len(found) == 1:
        return "right"  # a query never yields nothing: what asks for nothing stands as it is
    if all(_is_inverted(reading, found, sentence.query) for reading in sentence.readings):
        return "inverted"
    groups = sentence.readings[0]
    expected = {part for group in groups for part in group}
    rest = [(one, part) for one, part in found if part not in expected]
    if rest and decomposed.warnings and all(_is_verbatim(one.text, sentence.query) for one, _ in rest):
        said = {word for _, part in found for word in part.words}
        if all(part.words <= said for part in expected):
            return "whole"
    return "garbled"


def part_of(text: str, *, wish: bool = False) -> Part:
    """A requirement's words, without fillers and plurals; "no hood", "without a hood" and "not a hood" are the same.

    >>> part_of("without a hood") == part_of("no hoods"), part_of("a hood") == part_of("no hood")
    (True, False)
    """
    words = _words(text)
    about = frozenset(_stem(word) for word in words if word not in _FILLERS and word not in _DENIALS)
    return Part(about, any(word in _DENIALS for word in words), wish)


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("’", "'").replace("-", " ").replace("/", " ")  # noqa: RUF001
    return [word.strip(".").replace("'", "") for word in _WORD.findall(plain) if word.strip(".")]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _sentence(line: str) -> Sentence:
    query, _, labels = line.partition("=>")
    readings = tuple(_reading(reading) for reading in labels.split(" // "))
    return Sentence(query.strip(), readings, line)


def _reading(text: str) -> tuple[tuple[Part, ...], ...]:
    stated = [item.strip() for item in text.split(" | ") if item.strip()]
    return tuple(
        tuple(part_of(part.strip().removeprefix("~"), wish="~" in item) for part in item.split(" + "))
        for item in stated
    )


def _explains(groups: Sequence[tuple[Part, ...]], found: Sequence[Part]) -> bool:
    """Whether every found part belongs to a group, and each group is said in full."""
    left = list(found)
    for group in sorted(groups, key=len):
        words = frozenset().union(*(part.words for part in group))
        denied, wish = group[0].denied, group[0].wish
        fitting = [one for one in left if (one.denied, one.wish) == (denied, wish) and one.words <= words]
        if len(group) == 1:
            fitting = [one for one in fitting if one.words == words][:1]
        if not fitting or frozenset().union(*(one.words for one in fitting)) != words:
            return False
        left = [one for one in left if one not in fitting]
    return not left


def _is_inverted(groups: Sequence[tuple[Part, ...]], found: Sequence[tuple[Requirement, Part]], query: str) -> bool:
    parts = [part for group in groups for part in group]
    wanted = frozenset().union(*(part.words for part in parts if not part.denied))
    denied = frozenset().union(*(part.words for part in parts if part.denied))
    for one, part in found:
        if not part.denied and part.words & denied - wanted and not _holds_denial(one.text, query):
            return True
        if part.denied and part.words and part.words <= wanted - denied and not _is_verbatim(one.text, query):
            return True
    return False


def _holds_denial(text: str, query: str) -> bool:
    """Whether a text is a stretch of the query that starts where the clause does, so that any denial is still in it."""
    words, said = _words(text), _words(query)
    clauses = [_words(clause) for clause in re.split(r"[,.;:!?()]| - |\bbut\b|\band\b", query)]
    return _is_verbatim(text, query) and (words[: len(said)] == said or any(words[: len(c)] == c for c in clauses if c))


def _is_verbatim(text: str, query: str) -> bool:
    """Whether a text is a stretch of the query, word by word."""
    words, said = _words(text), _words(query)
    return any(said[start : start + len(words)] == words for start in range(len(said) - len(words) + 1))
