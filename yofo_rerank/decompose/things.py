"""What a thing is said to be: stacks of known words are split, everything else stays whole, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from yofo_rerank.decompose.lexicon import ADJECTIVES, NOUN_ENDINGS, STATED_TIMES, TIMES
from yofo_rerank.decompose.terms import Term, is_scene

EDGES = frozenset({"det", "generic", "pronoun", "and", "or", ","})


@dataclass(frozen=True)
class Found:
    """A requirement's text; `is_head` if it names the thing itself, `sure` unless kept whole for doubt."""

    text: str
    is_head: bool = False
    sure: bool = True


def join(terms: Sequence[Term]) -> str:
    """Terms as a text; the user's own words keep their capitals."""
    words = [term.text if term.kind in ("word", "quote", "pronoun") else term.text.lower() for term in terms]
    return " ".join(words).replace(" ,", ",")


def trim(terms: Sequence[Term]) -> list[Term]:
    """Without articles, "something" and loose conjunctions at the edges."""
    trimmed = list(terms)
    while trimmed and trimmed[0].kind in EDGES:
        trimmed.pop(0)
    offers = any(term.kind in ("or", "number") for term in trimmed)  # "a blue or a brown colour" keeps its last word
    while trimmed and trimmed[-1].kind in EDGES:
        before = trimmed[-2].kind if len(trimmed) > 1 else ""
        if trimmed[-1].kind in ("generic", "pronoun") and (offers or before == "word"):  # "1000 pieces", "sale items"
            break
        trimmed.pop()
    return trimmed


def with_article(terms: Sequence[Term]) -> str:
    """The trimmed text, with the "a" or "an" that stood before a noun: "a hood", but "red" of "a red one"."""
    trimmed = trim(terms)
    before = [term.text.lower() for term in terms[: terms.index(trimmed[0])]] if trimmed else []
    names_noun = any(term.kind not in ADJECTIVES or term.text.lower().endswith(NOUN_ENDINGS) for term in trimmed)
    keeps = names_noun and before and before[-1] in ("a", "an")
    return f"{before[-1]} {join(trimmed)}" if keeps else join(trimmed)


def things(terms: Sequence[Term]) -> Iterator[Found]:
    """The requirements of what is said to be: the thing itself first."""
    for stack in _stacks(terms):
        yield from thing(stack)


def _stacks(terms: Sequence[Term]) -> Iterator[list[Term]]:
    """Terms between commas; commas between the adjectives of one thing ("a sleeveless, asymmetric dress") join."""
    pieces = runs(terms, ",")
    if len(pieces) > 1 and pieces[-1][0].kind == "or":  # "a yellow raincoat, or a green one"
        yield list(terms)
        return
    last = runs(pieces[-1], "and") if pieces else []
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


def thing(terms: Sequence[Term]) -> Iterator[Found]:
    """The requirements of one thing or property."""
    body = trim(terms)
    if any(term.kind == "," for term in body):
        yield Found(join(terms))
        return
    if not body:
        return
    if any(term.kind == "and" for term in body):
        yield from _things_joined(body, terms)
        return
    if all(term.known or term.kind in ("det", "generic") for term in body):
        known = [term for term in body if term.known]
        if known and known[-1].kind == "part" and not any(term.kind in TIMES | {"category"} for term in known):
            yield Found(with_article(terms))  # "gold buttons"
        else:
            yield from _split(known)
    elif body[-1].kind == "category":
        yield from _headed(body, with_article(terms))
    else:
        yield Found(with_article(terms), sure=_is_noun_phrase(body))


def _is_noun_phrase(body: Sequence[Term]) -> bool:
    """Whether nothing in it looks like a verb: "ditch the belt" has an article where a noun phrase has none."""
    pairs = pairwise(body)
    return not any(first.kind == "word" and second.kind in ("det", "pronoun") and second.text.islower()
                   and body.index(second) == 1 for first, second in pairs)  # fmt: skip


def _things_joined(body: Sequence[Term], terms: Sequence[Term]) -> Iterator[Found]:
    """Things and properties joined by "and"."""
    halves = runs(body, "and")
    all_known = all(term.known or term.kind in ("det", "generic", "degree", "number") for run in halves for term in run)
    heads = [run[-1].kind == "category" for run in halves]
    if all_known and not (sum(heads) == 1 and heads[-1] and len(halves[-1]) > 1):
        for run in halves:
            yield from thing(run)
    elif all_known:
        yield from _split([term for run in halves for term in run if term.known])  # "a striped and hooded sweatshirt"
    elif any(is_scene(run) for run in halves):
        yield Found(with_article(terms))  # "a man and a woman walking on the beach"
    elif (
        all(heads)
        or all(run[0].kind in ("det", "number") for run in halves[1:])
        or (len(halves) == 2 and (_is_bare(halves[0]) or _is_bare(halves[1])) and all(len(run) < 3 for run in halves))
    ):
        for run in halves:
            yield from thing(run)
    else:
        yield Found(with_article(terms), sure=False)


def _is_bare(run: Sequence[Term]) -> bool:
    return all(term.kind in ADJECTIVES for term in run)


def _split(terms: Sequence[Term]) -> Iterator[Found]:
    """Known terms alone: each is a requirement; categories in a row are one ("shirt dress")."""
    categories = [term for term in terms if term.kind == "category"]
    if categories:
        yield Found(join(categories), is_head=True)
    for term in terms:
        if term.kind != "category":
            yield Found(stated(term))


def stated(term: Term) -> str:
    """A term on its own; a season or an occasion is "for" it."""
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
        yield Found(join([*numbers, *rest[known:]]), is_head=True)
        yield from (Found(stated(term)) for term in rest[:known])
    else:
        yield Found(whole, is_head=True, sure=_is_noun_phrase(body))


def runs(terms: Sequence[Term], separator: str) -> list[list[Term]]:
    """The terms between separators of a kind."""
    return [list(run) for splits, run in groupby(terms, key=lambda term: term.kind == separator) if not splits]
