"""Typos: a word that is one edit from a word of the lexicon or of the grammar, and from no other."""

from __future__ import annotations

from functools import lru_cache

from yofo_rerank.decompose.lexicon import KIND_OF_TERM, kind_of

_GRAMMAR = "without preferably ideally looking anything nothing except rather avoid possible available should please"
# Words of their own that are one edit from a known one (found in a vocabulary of 33,000 words).
_REAL_WORDS = frozenset(
    """avid bathing batting bearded belated blaze blocker cellars checker chopped chopper comfortably copped doubled earning
    earnings ethic excerpt filly flare flora forma fridges hater lengthy linking locking looming metallica minimalism modes
    noting officer overall packets paid painted parsley paste plated pleas pointed possibly power printer quartet raffles
    related rushing sacks salon scandal scandals seater shippers shocked skit slack slated slippery smoked sorts speaker
    speakers sport spotter squared stirring stocked strides strikes stretch stripped stylist summary sweeter thorough though
    topical trailers trainees trainer trend trough trunk vantage violent vocation waited wasted welding whit women wristband
    wristbands brow greener crown frown blank slack block press dressed skirts grown
    shots gather chicks filled tired raffle robbed rubbed cellar packet picket sprung squire petit grange tiered""".split()
)
_SHORTEST = 6  # letters of a word that is recognised in a typo; of shorter ones only these
_SHORT = "black white green brown dress shirt skirt round"


@lru_cache(maxsize=1)
def _targets() -> dict[str, tuple[str, ...]]:
    """Known words by their first letter."""
    known = {word for term in KIND_OF_TERM for word in term.split() if len(word) >= _SHORTEST and word.isalpha()}
    known |= {f"{word}s" for word in known if KIND_OF_TERM.get(word) in ("part", "category")}
    known |= set(_GRAMMAR.split()) | set(_SHORT.split())
    by_letter: dict[str, list[str]] = {}
    for word in sorted(known):
        by_letter.setdefault(word[0], []).append(word)
    return {letter: tuple(words) for letter, words in by_letter.items()}


@lru_cache(maxsize=4096)
def mended(word: str) -> str | None:
    """The known word that a typo stands for; None for a known word, a short one, and one that could be several.

    >>> mended("withuot"), mended("stripped"), mended("dress")
    ('without', None, None)
    """
    if len(word) < 4 or not word.isalpha() or word in _REAL_WORDS or kind_of(word):
        return None
    targets = _targets().get(word[0], ())
    if word in targets or f"{word}s" in targets or word.removesuffix("s") in targets or word.removesuffix("es") in targets:
        return None
    near = [known for known in targets if is_one_edit(word, known)]
    return near[0] if len(near) == 1 else None


def is_one_edit(typed: str, known: str) -> bool:
    """Whether one letter is missing, added, changed or swapped with its neighbour; the first is never the one.

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
