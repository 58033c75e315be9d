"""The words of `lexicon.txt` by kind, and what follows from a kind. Add a word there and the grammar knows it."""

from __future__ import annotations

from importlib.resources import files


def _read() -> dict[str, dict[str, str]]:
    """Kind -> term -> how it is stated."""
    text = files("yofo_rerank.decompose").joinpath("lexicon.txt").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
    kinds = {}
    for entry in lines.replace("\n ", "").splitlines():
        kind, _, terms = entry.partition(": ")
        pairs = (term.strip().partition(" = ") for term in terms.split(",") if term.strip())
        kinds[kind] = {term: stated or term for term, _, stated in pairs}
    return kinds


TERMS = _read()
LOOKALIKES = frozenset(TERMS.pop("lookalike"))
TIMES = frozenset({"season", "occasion"})
NOUNS = frozenset({"part", "category"})
ADJECTIVES = frozenset(TERMS) - TIMES - NOUNS
NOUN_ENDINGS = ("neck", "length", "colour", "color", "print")  # "no v-neck", though "not v-necked"
STATED_TIMES = TERMS["season"] | TERMS["occasion"]
KIND_OF_TERM: dict[str, str] = {term: kind for kind, terms in TERMS.items() for term in terms}


def kind_of(key: str) -> str | None:
    """The kind of a term, or of its singular; None for a word outside the lexicon.

    >>> kind_of("long sleeve"), kind_of("dresses"), kind_of("teapot")
    ('sleeves', 'category', None)
    """
    for candidate in (key, key.removesuffix("s"), key.removesuffix("es"), f"{key.removesuffix('ies')}y"):
        if candidate in KIND_OF_TERM:
            kind = KIND_OF_TERM[candidate]
            if candidate == key or kind in NOUNS or kind in TIMES or key.endswith("sleeves"):
                return kind
    return None
