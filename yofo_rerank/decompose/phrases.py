"""Statements as requirements, by the way each is to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from yofo_rerank.decompose.denials import denied
from yofo_rerank.decompose.lexicon import STATED_TIMES, TIMES
from yofo_rerank.decompose.statements import Mode, Statement
from yofo_rerank.decompose.terms import terms_of
from yofo_rerank.decompose.things import Found, join, runs, stated, thing, things, trim, with_article
from yofo_rerank.decompose.words import verbatim


def phrases(statement: Statement) -> list[tuple[Found, bool]]:
    """What a statement asks for, the thing itself first, each with whether it is a wish.

    >>> from yofo_rerank.decompose.cutter import cut
    >>> from yofo_rerank.decompose.words import words_of
    >>> [found.text for found, _ in phrases(cut(words_of("a red, midi dress")[0])[0])]
    ['dress', 'red', 'midi']
    """
    found = list(_READERS[statement.mode](statement))
    keeps = statement.keeps_head and len(found) > 1
    return [(one, statement.wish and not (keeps and one.is_head)) for one in found]


def garments(statement: Statement) -> list[tuple[str, bool]]:
    """Each thing that a statement names, whole, and whether it has properties, as in "blue shirt"."""
    if statement.mode not in ("is", "has", "no"):
        return []
    pieces = [trim(half) for piece in runs(terms_of(statement.body), ",") for half in runs(piece, "and")]
    kinds = [{term.kind for term in piece} for piece in pieces]
    named = [at for at, kind in enumerate(kinds) if "category" in kind and "or" not in kind]
    found = [(join(pieces[at]), len(pieces[at]) > 1 and kinds[at] != {"category"}) for at in named]
    return (
        found if statement.mode == "is" else [(text, dressed) for text, dressed in found[named[:1] == [0] :] if dressed]
    )


def _parts(statement: Statement) -> Iterator[Found]:
    """After "with" and "has": "a belt", "gold buttons"; a list ends where the last "and" stands."""
    pieces = runs(terms_of(statement.body), ",")
    closed = max((at for at, piece in enumerate(pieces) if any(term.kind == "and" for term in piece)), default=0)
    for at, piece in enumerate(pieces):
        if at > closed:
            yield from things(piece)
        else:
            yield from (Found(text) for half in runs(piece, "and") if (text := with_article(half)))


def _phrase(statement: Statement) -> Iterator[Found]:
    """A preposition and what it governs: "for an evening event", "below the knee"."""
    terms = terms_of(statement.body)
    lead = " ".join(word.text.lower() for word in statement.lead)
    for at, half in enumerate(runs(terms, "and")):
        governed = trim(half)
        if at and not (governed and governed[0].kind in TIMES):
            yield from thing(half)
        elif lead == "for" and len(governed) == 1 and governed[0].text.lower() in STATED_TIMES:
            yield Found(stated(governed[0]))
        elif governed:
            yield Found(f"{lead} {join(half)}")


def _kept(statement: Statement) -> Iterator[Found]:
    text = verbatim(statement.words)
    if text:
        yield Found(text, sure=statement.mode == "keep")


_READERS: dict[Mode, Callable[[Statement], Iterator[Found]]] = {
    "is": lambda statement: things(terms_of(statement.body)),
    "has": _parts,
    "no": denied,
    "not": denied,
    "deny": denied,
    "phrase": _phrase,
    "keep": _kept,
    "whole": _kept,
    "ignore": lambda _: iter(()),  # "with or without a belt" asks for nothing
}
