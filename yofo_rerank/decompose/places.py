"""Prepositions: whether "in", "for", "near" ... open a phrase of their own, or belong to the words before."""

from __future__ import annotations

from collections.abc import Sequence

from yofo_rerank.decompose.lexicon import ADJECTIVES
from yofo_rerank.decompose.statements import NEGATIVE, Mode, Statement
from yofo_rerank.decompose.terms import Term, is_scene
from yofo_rerank.decompose.words import Word

_ENDS = frozenset({".", ":", "with", "without", "for", "that", "which", "but", "under", "not", "no", "if"})
_SMALL = frozenset({"det", "generic", "degree", "pronoun", "number"})
_JOINS = frozenset({"and", "or", ","})


def all_known(terms: Sequence[Term]) -> bool:
    """Whether the lexicon (or the grammar) knows every word, and there is one of the lexicon."""
    return all(one.known or one.kind in _SMALL | _JOINS for one in terms) and any(one.known for one in terms)


def place(
    name: str, lead: list[Word], after: Sequence[Term], now: Statement, before: Sequence[Term], offers_more: bool
) -> tuple[Mode | None, list[Word]]:
    """The way to read what follows and the words that open it; no way where they go on with the words before."""
    following = [term for term in after if term.kind not in _SMALL]
    kinds = [term.kind for term in following]
    adjective, last = bool(kinds) and kinds[0] in ADJECTIVES, before[-1].kind if before else ""
    ends = len(kinds) < 2 or kinds[1] in _JOINS or following[1].text.lower() in _ENDS
    known, says = all_known(before), (now.mode == "is" or last == ",") and not is_scene(before)
    if name == "that":
        return _relative(lead, after[:1], now)
    if offers_more and now.mode == "is" and (known or not before):
        return "phrase", lead
    if now.mode in NEGATIVE and not before:
        return None, [] if name == "in" and adjective else lead
    is_whole = kinds[:1] == ["material"] or last not in ("part", "pattern")  # "buttons in gold", but a dress in satin
    if name == "in" and adjective and (known or ends or not before) and is_whole:
        return "is", []
    if lead[0].key == "of" or name == "made":
        return ("is", []) if adjective and (len(lead) > 1 or known) else (None if len(lead) == 1 else "phrase", lead)
    if name == "for" and (says or kinds[:1] in (["season"], ["occasion"])):
        return "phrase", [Word("for", "for")]
    opens = says and (name == "near" or last in ("category", "") or last == ",")
    return ("phrase" if opens else None), lead


def _relative(lead: list[Word], after: Sequence[Term], now: Statement) -> tuple[Mode | None, list[Word]]:
    """A "that" whose verb no operator knows: "that covers the shoulders" says something of its own."""
    states = now.mode == "is" and [term.kind for term in after] in (["word"], ["length"], ["fit"], ["style"])
    return ("keep", []) if states and now.body else (None, lead if now.body else [])
