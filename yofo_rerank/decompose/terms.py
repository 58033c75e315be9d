"""Words as terms: what the lexicon knows by longest match, shades joined to colours, "a, b or c" joined to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from yofo_rerank.decompose.lexicon import ADJECTIVES, KIND_OF_TERM, NOUNS, TERMS, TIMES, kind_of
from yofo_rerank.decompose.words import Word

_MOST_WORDS: dict[str, int] = {}  # of the terms that begin with a word: most words begin none of several
for _first, *_rest in map(str.split, KIND_OF_TERM):
    _MOST_WORDS[_first] = max(_MOST_WORDS.get(_first, 1), 1 + len(_rest))
_SMALL = {
    "det": "a an the some any either my his her their your our both every these those this",
    "degree": "very really too super extra slightly quite fairly rather mostly fully completely partially extremely"
    " more less all mainly so",
    "generic": "something anything one ones thing things item items piece pieces product products there just color"
    " colour colored coloured category kind sort pair",
    "number": "two three four five six seven eight nine ten several many few single double",
    "pronoun": "it its they theyre them i you we he she",
    "and": "and & + n",
    "or": "or nor and/or",
    "non": "non",
    ",": ",",
}
_KIND_OF_SMALL = {word: kind for kind, words in _SMALL.items() for word in words.split()}


@dataclass(frozen=True)
class Term:
    """A word or a phrase with its kind; `options` holds the members of "red or blue"."""

    text: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the lexicon holds it."""
        return self.kind in TERMS


def terms_of(words: Sequence[Word]) -> list[Term]:
    """Terms by longest match.

    >>> from yofo_rerank.decompose.words import words_of
    >>> [(term.text, term.kind) for term in terms_of(words_of("a dark blue or red T-shirt")[0])]
    [('a', 'det'), ('dark blue or red', 'colour'), ('T-shirt', 'category')]
    """
    return _join_lists(_join_degrees(_match(words)))


def is_scene(terms: Sequence[Term]) -> bool:
    """Whether something is going on, as in "a man riding a bicycle", so that a place or an "and" belongs to it."""
    pairs = pairwise(terms)
    return any(
        one.kind in ("word", "category") and two.kind == "word" and two.text.endswith("ing") for one, two in pairs
    )


def _match(words: Sequence[Word]) -> list[Term]:
    terms: list[Term] = []
    start = 0
    while start < len(words):
        terms.append(_longest(words, start))
        start += len(terms[-1].text.split()) if not words[start].is_quote else 1
    return terms


def _longest(words: Sequence[Word], start: int) -> Term:
    most = _MOST_WORDS.get(words[start].key.partition("-")[0], 1)
    for size in range(min(most, len(words) - start), 0, -1):
        part = words[start : start + size]
        kind = None if any(word.is_name for word in part) else kind_of(" ".join(w.key.replace("-", " ") for w in part))
        if kind:
            return Term(" ".join(word.text for word in part), kind)
    word = words[start]
    small = "number" if word.key.isdecimal() else _KIND_OF_SMALL.get(word.key, "word")
    return Term(word.text, "word" if word.is_name else "quote" if word.is_quote else small)


def _join_degrees(terms: Sequence[Term]) -> list[Term]:
    joined: list[Term] = []
    for term in terms:
        last = joined[-1] if joined else None
        joins = last and (last.kind == "degree" or (last.kind, term.kind) == ("shade", "colour"))
        if last and last.kind == "non" and term.known:  # "non-pink", "logo-free", "-pink"
            joined[-1] = Term(f"no {term.text}" if term.kind in NOUNS else f"not {term.text}", "detail")
        elif last and joins and term.kind in ADJECTIVES:
            joined[-1] = Term(f"{last.text} {term.text}", term.kind)
        else:
            joined.append(term)
    return [Term(term.text, "style") if term.kind == "shade" else term for term in joined]


def _join_lists(terms: list[Term]) -> list[Term]:
    joined: list[Term] = []
    at = 0
    while at < len(terms):
        end = _list_end(terms, at)
        joined.append(_joined(terms[at:end]) if end else terms[at])
        at = end or at + 1
    return joined


def _list_end(terms: Sequence[Term], start: int) -> int | None:
    """Where the list `x (, x)* (or | and) x` of known terms that starts here ends; "and" joins colours alone."""
    kinds, at = {terms[start].kind}, start + 1
    while terms[start].known and at < min(len(terms) - 1, start + 30):
        conjunction = terms[at].kind
        if conjunction == "," and terms[at + 1].kind in ("or", "and"):
            at += 1
            conjunction = terms[at].kind
        member = at + 1
        while member < len(terms) and terms[member].kind == "det":
            member += 1
        if conjunction not in (",", "and", "or") or member >= len(terms) or not terms[member].known:
            return None
        kinds.add(terms[member].kind)
        if conjunction != ",":
            alike = len(kinds) == 1 or kinds <= ADJECTIVES or kinds <= TIMES
            joins = kinds == {"colour"} if conjunction == "and" else alike
            return member + 1 if joins and not _is_entangled(terms, start, member, kinds) else None
        if len(kinds) > 1:
            return None
        at = member + 1
    return None


def _is_entangled(terms: Sequence[Term], start: int, end: int, kinds: set[str]) -> bool:
    """Whether other adjectives belong to one member alone, as in "short black or long red dress"."""
    before = terms[start - 1].kind if start else ""
    after = terms[end + 1].kind if end + 1 < len(terms) else ""
    if len(kinds) > 1:
        return before in ADJECTIVES or after in ADJECTIVES
    # "or a" repeats the article: "a red shirt or a skirt" offers two things, but "a red shirt or skirt" is red
    return bool(kinds & NOUNS) and terms[end - 1].kind == "det" and before in ADJECTIVES


def _joined(source: Sequence[Term]) -> Term:
    members = [term for term in source if term.known]
    conjunction = next(term.kind for term in reversed(source) if term.kind in ("or", "and"))
    texts = [member.text.lower() for member in members]
    if members[-1].kind in TIMES | {"part"}:  # "a wedding or a party" keeps its articles
        text = " ".join(term.text.lower() for term in source).replace(" ,", ",")
    else:
        text = f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"
    return Term(text, members[-1].kind, tuple(texts) if conjunction == "or" else ())
