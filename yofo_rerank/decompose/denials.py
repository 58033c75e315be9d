"""What a thing must not be or have: how far a denial reaches, and how it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yofo_rerank.decompose.lexicon import ADJECTIVES, NOUN_ENDINGS, NOUNS, TIMES
from yofo_rerank.decompose.statements import Mode, Statement
from yofo_rerank.decompose.terms import Term, terms_of
from yofo_rerank.decompose.things import EDGES, Found, join, runs, thing, trim, with_article
from yofo_rerank.decompose.words import Word, verbatim

_PREPOSITIONS = frozenset("from over under above below about for like on at by near larger bigger".split())  # noqa: SIM905
_ADJECTIVAL = ("ed", "y", "ful", "ish", "ous", "ical", "less", "able", "ible", "ive", "fried", "free", "proof")


def denied(statement: Statement) -> Iterator[Found]:
    """After "no", "not" and "I hate": the scope of the denial is the first item, or a list that plainly goes on."""
    pieces = runs(terms_of(statement.body), ",")
    scope = len(pieces) if statement.listed else _scope(statement.mode, pieces)
    if not pieces or not scope or statement.doubtful:
        yield Found(verbatim(statement.words), sure=False)
        return
    for piece in pieces[:scope]:
        options = runs(piece, "or")
        items = [item for option in options for item in runs(option, "and")]
        if not items:  # nothing but conjunctions
            yield _whole(statement, piece)
        elif len(items) == len(options) or _shares_denial(statement.mode, items):
            for item in items:
                yield from _deny(statement, item)
        elif statement.mode == "no" and items[-1][0].kind == "det" and len(items) == 2:  # "no belt and a hood"
            yield from _deny(statement, items[0])
            yield Found(with_article(items[1]))
        else:
            yield _whole(statement, piece)
    for piece in pieces[scope:]:
        yield from thing(piece)


def _scope(mode: Mode, pieces: Sequence[Sequence[Term]]) -> int:
    """How many of the pieces between commas are denied; 0 if that is anybody's guess."""
    if len(pieces) < 2:
        return 1
    conjunctions = {term.kind for term in pieces[-1]} & {"or", "and"}
    if conjunctions == {"or"}:
        first, last = _classes(pieces[0]), _classes(pieces[-1])
        if pieces[-1][0].kind == "or" or (first == last and len(last) == 1):
            return len(pieces)
        return 0 if "" in first | last else 1
    if mode == "deny":
        return len(pieces) if conjunctions or len(pieces) > 2 else 0
    return 0 if conjunctions else 1


def _classes(piece: Sequence[Term]) -> set[str]:
    """What kinds of words it holds: adjectives, nouns, unknown ones ("")."""
    kinds = [term.kind for term in piece if term.kind not in EDGES]
    return {"adjective" if kind in ADJECTIVES else kind if kind in NOUNS | TIMES else "" for kind in kinds}


def _said(statement: Statement) -> str:
    """The last word that denied; none where the denial came after, as in "hoping is unwanted"."""
    return statement.lead[-1].key if statement.lead else ""


def _whole(statement: Statement, item: Sequence[Term]) -> Found:
    return Found(verbatim([*statement.lead, Word(join(item), "")]), sure=False)


def _shares_denial(mode: Mode, items: Sequence[Sequence[Term]]) -> bool:
    """Whether a denial plainly reaches the last item after an "and"."""
    has_article = [item[0].kind == "det" for item in items]
    return mode == "deny" or (mode == "no" and len(trim(items[-1])) == 1 and has_article[0] >= has_article[-1])


def _deny(statement: Statement, item: Sequence[Term]) -> Iterator[Found]:
    terms, body = list(item), trim(item)
    is_clause = bool(body) and body[0].text.lower() in ("when", "how", "if", "where", "seeing", "having", "being")
    if is_clause or (not body and statement.mode != "not"):
        yield _whole(statement, item)
    if is_clause or not body:
        return
    has_article = terms[0].kind == "det" and terms[0].text.lower() in ("a", "an")
    if has_article and item[-1].kind == "generic":  # "a metal one"
        terms = body
    default = "not" if _is_adjectival(body) or has_article else "no"
    said = {"no": "no", "not": "not"}.get(statement.mode, default)
    if len(body) == 1 and body[0].known and not (has_article and body[0].kind == "category"):
        yield from (Found(text) for text in _deny_term(body[0], said))
    elif body[0].kind == "word" and body[0].text.casefold().endswith("ing") and _said(statement) == "without":
        yield Found(verbatim([*statement.lead, Word(join(item), "")]))  # "without being too short"
    elif (said == "no" and (body[0].kind not in ADJECTIVES or body[-1].kind in NOUNS or not body[-1].known)) or (
        said == "not" and all(term.known for term in body) and body[-1].kind == "part"
    ):
        yield Found(f"no {join(body)}")
    else:  # "not black leather boots": which of the three is unwanted?
        sure = has_article or len(body) == 1 or body[0].kind not in ADJECTIVES or body[-1].kind != "category"
        kept = terms if terms[0].kind in ("det", "word", "degree") else body
        yield Found(f"{'not' if said == 'not' or not body[-1].known else said} {join(kept)}", sure=sure)


def _is_adjectival(body: Sequence[Term]) -> bool:
    first = body[0]
    if first.kind == "degree" or first.text.lower() in _PREPOSITIONS:
        return True
    return body[-1].kind in ADJECTIVES or (len(body) == 1 and first.kind == "word" and first.text.endswith(_ADJECTIVAL))


def _deny_term(term: Term, said: str) -> list[str]:
    is_noun = term.kind == "part" or (said == "no" and term.text.lower().endswith(NOUN_ENDINGS))
    word = said if term.kind == "category" else "no" if is_noun else "not for" if term.kind in TIMES else "not"
    return [f"{word} {option}" for option in term.options or (term.text.lower(),)]
