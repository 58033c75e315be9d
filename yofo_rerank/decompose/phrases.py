"""Statements as requirements: stacks of known words are split, everything else stays whole, in the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from yofo_rerank.decompose.lexicon import ADJECTIVES, NOUN_ENDINGS, NOUNS, STATED_TIMES, TIMES
from yofo_rerank.decompose.statements import Mode, Statement
from yofo_rerank.decompose.terms import Term, is_scene, terms_of
from yofo_rerank.decompose.words import Word

_EDGES = frozenset({"det", "generic", "pronoun", "and", "or", ","})
_PREPOSITIONS = frozenset("from over under above below about for like on at by near larger bigger".split())  # noqa: SIM905
_ADJECTIVAL = ("ed", "y", "ful", "ish", "ous", "ical", "less", "able", "ible", "ive", "fried", "free", "proof")


@dataclass(frozen=True)
class Found:
    """A requirement's text; `is_head` if it names the thing itself, `sure` unless kept whole for doubt."""

    text: str
    is_head: bool = False
    sure: bool = True


def phrases(statement: Statement) -> list[tuple[Found, bool]]:
    """What a statement asks for, the thing itself first, each with whether it is a wish.

    >>> from yofo_rerank.decompose.statements import cut
    >>> from yofo_rerank.decompose.words import words_of
    >>> [found.text for found, _ in phrases(cut(words_of("a red, midi dress")[0])[0])]
    ['dress', 'red', 'midi']
    """
    found = list(_READERS[statement.mode](statement))
    keeps = statement.keeps_head and len(found) > 1
    return [(one, statement.wish and not (keeps and one.is_head)) for one in found]


def garments(statement: Statement) -> list[tuple[str, bool]]:
    """Each thing that a statement names, whole, and whether it has properties, as in "blue shirt"."""
    pieces = [item for piece in _runs(terms_of(statement.body), ",") for item in _runs(piece, "and")]
    runs = [_trim(piece) for piece in pieces[statement.mode == "has" :] if statement.mode in ("is", "has")]
    named = [run for run in runs if any(term.kind == "category" for term in run) and all(t.kind != "or" for t in run)]
    dressed = [(_join(run), sum(term.kind != "category" for term in run) > 0) for run in named]
    return [(text, more) for text, more in dressed if more or statement.mode == "is"]


def verbatim(words: Sequence[Word]) -> str:
    """The words as typed, without what only joined them to the rest."""
    kept = list(words)
    while kept and kept[0].key in ("and", "or", ",", "that", "which", "it"):
        kept = kept[1:]
    while kept and kept[-1].key in ("and", "or", ","):
        kept = kept[:-1]
    return " ".join(word.text for word in kept).replace(" ,", ",")


def _join(terms: Sequence[Term]) -> str:
    words = [term.text if term.kind in ("word", "quote", "pronoun") else term.text.lower() for term in terms]
    return " ".join(words).replace(" ,", ",")


def _trim(terms: Sequence[Term]) -> list[Term]:
    """Without articles, "something" and loose conjunctions at the edges."""
    trimmed = list(terms)
    while trimmed and trimmed[0].kind in _EDGES:
        trimmed.pop(0)
    offers = any(term.kind in ("or", "number") for term in trimmed)  # "a blue or a brown colour" keeps its last word
    while trimmed and trimmed[-1].kind in _EDGES:
        before = trimmed[-2].kind if len(trimmed) > 1 else ""
        if trimmed[-1].kind in ("generic", "pronoun") and (offers or before == "word"):  # "1000 pieces", "sale items"
            break
        trimmed.pop()
    return trimmed


def _with_article(terms: Sequence[Term]) -> str:
    """The trimmed text, with the "a" or "an" that stood before a noun: "a hood", but "red" of "a red one"."""
    trimmed = _trim(terms)
    before = [term.text.lower() for term in terms[: terms.index(trimmed[0])]] if trimmed else []
    names_noun = any(term.kind not in ADJECTIVES or term.text.lower().endswith(NOUN_ENDINGS) for term in trimmed)
    keeps = names_noun and before and before[-1] in ("a", "an")
    return f"{before[-1]} {_join(trimmed)}" if keeps else _join(trimmed)


def _chunks(words: Sequence[Word]) -> list[list[Word]]:
    """The words between commas."""
    return [list(run) for is_comma, run in groupby(words, key=lambda word: word.key == ",") if not is_comma]


def _halves(words: Sequence[Word]) -> list[list[Word]]:
    """The words between "and"."""
    return [list(run) for joins, run in groupby(words, key=lambda word: _joins(word)) if not joins]


def _joins(word: Word) -> bool:
    return word.key in ("and", "&", "+") and not word.is_name


# ---- what the thing is


def _things(statement: Statement) -> Iterator[Found]:
    terms = terms_of(statement.body)
    for run in _stacks(terms):
        yield from _thing(run)


def _stacks(terms: Sequence[Term]) -> Iterator[list[Term]]:
    """Terms between commas; commas between the adjectives of one thing ("a sleeveless, asymmetric dress") join."""
    pieces = _runs(terms, ",")
    if len(pieces) > 1 and pieces[-1][0].kind == "or":  # "a yellow raincoat, or a green one"
        yield list(terms)
        return
    last = _runs(pieces[-1], "and") if pieces else []
    if len(pieces) > 1 and len(last) == 2 and all(len(piece) == 1 for piece in [*pieces[:-1], *last]):
        pieces = [*pieces[:-1], *last]  # "fried, spicy and crunchy"
    stack: list[list[Term]] = []
    for piece in pieces:
        named = [term for term in piece if term.kind not in ("and", "det")]
        if named and all(term.kind in ADJECTIVES | TIMES for term in named):
            stack.append(piece)
        elif stack and named and named[0].kind in ADJECTIVES | TIMES and named[-1].kind == "category":
            yield [term for one in [*stack, piece] for term in one]
            stack = []
        else:
            yield from [*stack, piece]
            stack = []
    yield from stack


def _thing(terms: Sequence[Term]) -> Iterator[Found]:
    body = _trim(terms)
    if any(term.kind == "," for term in body):
        yield Found(_join(terms))
        return
    if not body:
        return
    if any(term.kind == "and" for term in body):
        yield from _things_joined(body, terms)
        return
    if all(term.known or term.kind in ("det", "generic") for term in body):
        known = [term for term in body if term.known]
        if known and known[-1].kind == "part" and not any(term.kind in TIMES | {"category"} for term in known):
            yield Found(_with_article(terms))  # "gold buttons"
        else:
            yield from _split(known)
    elif body[-1].kind == "category":
        yield from _headed(body, _with_article(terms))
    else:
        yield Found(_with_article(terms), sure=_is_noun_phrase(body))


def _is_noun_phrase(body: Sequence[Term]) -> bool:
    """Whether nothing in it looks like a verb: "ditch the belt" has an article where a noun phrase has none."""
    pairs = pairwise(body)
    return not any(first.kind == "word" and second.kind in ("det", "pronoun") and second.text.islower()
                   and body.index(second) == 1 for first, second in pairs)  # fmt: skip


def _things_joined(body: Sequence[Term], terms: Sequence[Term]) -> Iterator[Found]:
    """Things and properties joined by "and"."""
    runs = [list(run) for joins, run in groupby(body, key=lambda term: term.kind == "and") if not joins]
    all_known = all(term.known or term.kind in ("det", "generic", "degree", "number") for run in runs for term in run)
    heads = [run[-1].kind == "category" for run in runs]
    if all_known and not (sum(heads) == 1 and heads[-1] and len(runs[-1]) > 1):
        for run in runs:
            yield from _thing(run)
    elif all_known:
        yield from _split([term for run in runs for term in run if term.known])  # "a striped and hooded sweatshirt"
    elif any(is_scene(run) for run in runs):
        yield Found(_with_article(terms))  # "a man and a woman walking on the beach"
    elif (
        all(heads)
        or all(run[0].kind in ("det", "number") for run in runs[1:])
        or (len(runs) == 2 and (_is_bare(runs[0]) or _is_bare(runs[1])) and all(len(run) < 3 for run in runs))
    ):
        for run in runs:
            yield from _thing(run)
    else:
        yield Found(_with_article(terms), sure=False)


def _is_bare(run: Sequence[Term]) -> bool:
    return all(term.kind in ADJECTIVES for term in run)


def _split(terms: Sequence[Term]) -> Iterator[Found]:
    """Known terms alone: each is a requirement; categories in a row are one ("shirt dress")."""
    categories = [term for term in terms if term.kind == "category"]
    if categories:
        yield Found(_join(categories), is_head=True)
    for term in terms:
        if term.kind != "category":
            yield Found(_statement(term))


def _statement(term: Term) -> str:
    text = term.text.lower()
    return STATED_TIMES.get(text, f"for {text}") if term.kind in TIMES else text


def _headed(body: Sequence[Term], whole: str) -> Iterator[Found]:
    """Known words, then unknown ones, then the thing they name ("blue party guest dress"); else it stays whole."""
    numbers = [term for term in body if term.kind == "number"]
    rest = [term for term in body if term.kind != "number"]
    known = 0
    while known < len(rest) and rest[known].known and rest[known].kind != "category":
        known += 1
    unknown = rest[known:-1]
    if all(term.kind in ("word", "quote", "category") for term in unknown) and not any(
        term.text.casefold().endswith("ing") for term in unknown
    ):
        yield Found(_join([*numbers, *rest[known:]]), is_head=True)
        yield from (Found(_statement(term)) for term in rest[:known])
    else:
        yield Found(whole, is_head=True, sure=_is_noun_phrase(body))


# ---- what it has


def _parts(statement: Statement) -> Iterator[Found]:
    """After "with" and "has": "a belt", "gold buttons"; a list ends where the last "and" stands."""
    chunks = _chunks(statement.body)
    closed = max((at for at, chunk in enumerate(chunks) if any(_joins(word) for word in chunk)), default=0)
    for at, chunk in enumerate(chunks):
        if at > closed:
            yield from _things(Statement("is", body=chunk))
        elif terms_of(chunk) and any(term.kind == "and" for term in terms_of(chunk)):
            for half in _halves(chunk):
                yield from _part(half)
        else:
            yield from _part(chunk)


def _part(words: Sequence[Word]) -> Iterator[Found]:
    text = _with_article(terms_of(words))
    if text:
        yield Found(text)


# ---- what it is not


def _denied(statement: Statement) -> Iterator[Found]:
    """After "no", "not" and "I hate": the scope of the denial is the first item, or a list that plainly goes on."""
    pieces = _runs(terms_of(statement.body), ",")
    scope = len(pieces) if statement.listed else _scope(statement.mode, pieces)
    if not pieces or not scope or statement.doubtful:
        yield Found(verbatim(statement.words), sure=False)
        return
    for piece in pieces[:scope]:
        options = _runs(piece, "or")
        items = [item for option in options for item in _runs(option, "and")]
        if len(items) == len(options) or _shares_denial(statement.mode, items):
            for item in items:
                yield from _deny(statement, item)
        elif statement.mode == "no" and items[-1][0].kind == "det" and len(items) == 2:  # "no belt and a hood"
            yield from _deny(statement, items[0])
            yield Found(_with_article(items[1]))
        else:
            yield Found(verbatim([*statement.lead, Word(_join(piece), "")]), sure=False)
    for piece in pieces[scope:]:
        yield from _thing(piece)


def _runs(terms: Sequence[Term], separator: str) -> list[list[Term]]:
    """The terms between separators of a kind."""
    return [list(run) for splits, run in groupby(terms, key=lambda term: term.kind == separator) if not splits]


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
    kinds = [term.kind for term in piece if term.kind not in _EDGES]
    return {"adjective" if kind in ADJECTIVES else kind if kind in NOUNS | TIMES else "" for kind in kinds}


def _lead(statement: Statement) -> list[str]:
    return [word.key for word in statement.lead]


def _shares_denial(mode: Mode, items: Sequence[Sequence[Term]]) -> bool:
    """Whether a denial plainly reaches the last item after an "and"."""
    has_article = [item[0].kind == "det" for item in items]
    return mode == "deny" or (mode == "no" and len(_trim(items[-1])) == 1 and has_article[0] >= has_article[-1])


def _deny(statement: Statement, item: Sequence[Term]) -> Iterator[Found]:
    terms, body = list(item), _trim(item)
    if not body:
        if statement.mode != "not" or not item:
            yield Found(verbatim([*statement.lead, Word(_join(item), "")]), sure=False)
        return
    if body[0].text.lower() in ("when", "how", "if", "where", "seeing", "having", "being"):
        yield Found(verbatim([*statement.lead, Word(_join(item), "")]), sure=False)
        return
    has_article = terms[0].kind == "det" and terms[0].text.lower() in ("a", "an")
    if has_article and item[-1].kind == "generic":  # "a metal one"
        terms = body
    default = "not" if _is_adjectival(body) or has_article else "no"
    said = {"no": "no", "not": "not"}.get(statement.mode, default)
    if len(body) == 1 and body[0].known and not (has_article and body[0].kind == "category"):
        yield from (Found(text) for text in _deny_term(body[0], said))
    elif body[0].kind == "word" and body[0].text.casefold().endswith("ing") and "without" in _lead(statement):
        yield Found(verbatim([*statement.lead, Word(_join(item), "")]))  # "without being too short"
    elif (said == "no" and (body[0].kind not in ADJECTIVES or body[-1].kind in NOUNS or not body[-1].known)) or (
        said == "not" and all(term.known for term in body) and body[-1].kind == "part"
    ):
        yield Found(f"no {_join(body)}")
    else:  # "not black leather boots": which of the three is unwanted?
        sure = has_article or len(body) == 1 or body[0].kind not in ADJECTIVES or body[-1].kind != "category"
        kept = terms if terms[0].kind in ("det", "word", "degree") else body
        yield Found(f"{'not' if said == 'not' or not body[-1].known else said} {_join(kept)}", sure=sure)


def _is_adjectival(body: Sequence[Term]) -> bool:
    first = body[0]
    if first.kind == "degree" or first.text.lower() in _PREPOSITIONS:
        return True
    return body[-1].kind in ADJECTIVES or (len(body) == 1 and first.kind == "word" and first.text.endswith(_ADJECTIVAL))


def _deny_term(term: Term, said: str) -> list[str]:
    is_noun = term.kind == "part" or (said == "no" and term.text.lower().endswith(NOUN_ENDINGS))
    word = said if term.kind == "category" else "no" if is_noun else "not for" if term.kind in TIMES else "not"
    return [f"{word} {option}" for option in term.options or (term.text.lower(),)]


# ---- what stays as it is


def _phrase(statement: Statement) -> Iterator[Found]:
    """A preposition and what it governs: "for an evening event", "below the knee"."""
    terms = terms_of(statement.body)
    lead = " ".join(word.text.lower() for word in statement.lead)
    for at, half in enumerate(_runs(terms, "and")):
        governed = _trim(half)
        if at and not (governed and governed[0].kind in TIMES):
            yield from _thing(half)
        elif lead == "for" and len(governed) == 1 and governed[0].text.lower() in STATED_TIMES:
            yield Found(_statement(governed[0]))
        elif governed:
            yield Found(f"{lead} {_join(half)}")


def _kept(statement: Statement) -> Iterator[Found]:
    text = verbatim(statement.words)
    if text:
        yield Found(text, sure=statement.mode == "keep")


_READERS: dict[Mode, Callable[[Statement], Iterator[Found]]] = {
    "is": _things,
    "has": _parts,
    "no": _denied,
    "not": _denied,
    "deny": _denied,
    "phrase": _phrase,
    "keep": _kept,
    "whole": _kept,
    "ignore": lambda _: iter(()),  # "with or without a belt" asks for nothing
}
