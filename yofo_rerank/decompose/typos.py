"""Typos: a word that is one edit from one word of the lexicon or of the grammar, and from no other."""

from __future__ import annotations

from functools import lru_cache

from yofo_rerank.decompose.lexicon import KIND_OF_TERM, LOOKALIKES, kind_of

_GRAMMAR = "without preferably ideally looking anything nothing except rather avoid possible available should please"
_SHORTEST = 6  # letters of a word that is recognised in a typo; of shorter ones only these
_SHORT = "black white green brown dress shirt skirt round"


@lru_cache(maxsize=1)
def _targets() -> dict[str, frozenset[str]]:
    """Known words by their first letter."""
    known = {word for term in KIND_OF_TERM for word in term.split() if len(word) >= _SHORTEST and word.isalpha()}
    known |= {f"{word}s" for word in known if KIND_OF_TERM.get(word) in ("part", "category")}
    known |= set(_GRAMMAR.split()) | set(_SHORT.split())
    return {letter: frozenset(word for word in known if word[0] == letter) for letter in {word[0] for word in known}}


@lru_cache(maxsize=4096)
def mended(word: str) -> str | None:
    """The known word that a typo stands for; None for a known word, a short one, and one that could be several.

    >>> mended("withuot"), mended("stripped"), mended("dress")
    ('without', None, None)
    """
    if len(word) < 4 or not word.isalpha() or word in LOOKALIKES or kind_of(word):
        return None
    targets = _targets().get(word[0], frozenset())
    if targets & {word, f"{word}s", word.removesuffix("s"), word.removesuffix("es")}:
        return None
    near = [known for known in targets if is_one_edit(word, known)]
    return near[0] if len(near) == 1 else None


def is_one_edit(typed: str, known: str) -> bool:
    """Whether one letter is missing, added, changed or swapped with its neighbour; the first is never the one.

    In words of up to six letters only a vowel is taken for another.

    >>> is_one_edit("dres", "dress"), is_one_edit("leahter", "leather"), is_one_edit("feather", "leather")
    (True, True, False)
    """
    if typed == known or typed[0] != known[0] or abs(len(typed) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(known)) and typed[start] == known[start]:
        start += 1
    ours, theirs = typed[start:], known[start:]
    if len(typed) != len(known):
        return ours[1:] == theirs or ours == theirs[1:]
    swapped = ours[1:2] + ours[:1] == theirs[:2] and ours[2:] == theirs[2:]
    changed = len(known) > 6 or {ours[0], theirs[0]} <= set("aeiou")
    return swapped or (changed and ours[1:] == theirs[1:])
