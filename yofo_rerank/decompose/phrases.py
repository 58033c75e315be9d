"""One segment as requirement texts: stacks of known words are split, unknown phrases are kept whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from yofo_rerank.decompose.lexicon import ADJECTIVES, NOUN_ENDINGS, NOUNS, OCCASIONS, SEASONS, TIMES
from yofo_rerank.decompose.segments import Mode, Segment
from yofo_rerank.decompose.tokens import Token
from yofo_rerank.requirements import Necessity

_EDGES = frozenset({"det", "generic", "pronoun", "and", "or"})
_STATED_TIMES = SEASONS | OCCASIONS
_MAX_UNKNOWN_RUN = 3  # more unknown words in a row are a description, not a stack of adjectives


def phrases(segment: Segment) -> list[tuple[str, Necessity]]:
    """The requirements that a segment states, the thing itself first.

    >>> from yofo_rerank.decompose.segments import split
    >>> from yofo_rerank.decompose.tokens import tokenize
    >>> phrases(split(tokenize("a red, midi dress"))[0])
    [('dress', 'must'), ('red', 'must'), ('midi', 'must')]
    """
    texts, head = _READERS[segment.mode](segment)
    head_necessity: Necessity = "must" if segment.keeps_head and texts else segment.necessity
    found: list[tuple[str, Necessity]] = [(head, head_necessity)] if head else []
    return found + [(text, segment.necessity) for text in texts if text]


def _join(tokens: Sequence[Token]) -> str:
    words = [token.text if token.kind in ("word", "quote") else token.text.lower() for token in tokens]
    return " ".join(words).replace(" ,", ",")


def _trim(tokens: Sequence[Token]) -> list[Token]:
    """Without articles, "something" and loose conjunctions at the edges."""
    trimmed = list(tokens)
    while trimmed and trimmed[0].kind in _EDGES:
        trimmed.pop(0)
    offers = any(token.kind == "or" for token in trimmed)  # "a blue colour or a brown colour" keeps its last word
    while trimmed and trimmed[-1].kind in _EDGES and not (offers and trimmed[-1].kind == "generic"):
        trimmed.pop()
    return trimmed


def _join_with_article(body: Sequence[Token]) -> str:
    """The trimmed text, with the "a" or "an" that stood before a noun: "a hood", but "red" of "a red one"."""
    trimmed = _trim(body)
    before = [token.text.lower() for token in body[: body.index(trimmed[0])]] if trimmed else []
    names_noun = any(token.kind not in ADJECTIVES or token.text.lower().endswith(NOUN_ENDINGS) for token in trimmed)
    keeps = names_noun and before and before[-1] in ("a", "an")
    return f"{before[-1]} {_join(trimmed)}" if keeps else _join(trimmed)


def _things(segment: Segment) -> tuple[list[str], str]:
    body = _trim(segment.body)
    if all(token.known or token.kind in ("det", "generic") for token in body):
        terms = [token for token in body if token.known]
        if terms and terms[-1].kind == "part" and not any(token.kind in TIMES | {"category"} for token in terms):
            return [_join_with_article(segment.body)], ""  # "gold buttons"
        return _stack(terms)
    if body[-1].kind == "category" and not _is_description(body[:-1]):
        return _mixed_stack(body)
    return [_join_with_article(segment.body)], ""


def _stack(terms: list[Token]) -> tuple[list[str], str]:
    """Known terms alone: each is a requirement; categories in a row are one ("shirt dress")."""
    categories = [token for token in terms if token.kind == "category"]
    texts = [_statement(token) for token in terms if token.kind != "category"]
    return texts, _join(categories)


def _statement(token: Token) -> str:
    text = token.text.lower()
    if token.kind in TIMES:
        return _STATED_TIMES.get(text, f"for {text}")
    return text


def _is_description(before_head: Sequence[Token]) -> bool:
    runs = [len(list(run)) for kind, run in groupby(before_head, key=lambda token: token.kind) if kind == "word"]
    return max(runs, default=0) > _MAX_UNKNOWN_RUN or any(
        (token.kind not in ("word", "quote", "degree", "number") and not token.known)
        or (token.kind == "word" and token.text.casefold().endswith("ing"))
        for token in before_head
    )


def _mixed_stack(body: list[Token]) -> tuple[list[str], str]:
    """Numbers and unknown words before the category belong to it ("guest dress"); others are requirements."""
    numbers = [token for token in body if token.kind == "number"]
    body = [token for token in body if token.kind != "number"]
    start = len(body) - 1
    while start and not body[start - 1].known:
        start -= 1
    texts: list[str] = []
    for known, grouped in groupby(body[:start], key=lambda token: token.known):
        run = list(grouped)
        texts += [_statement(token) for token in run] if known else [_join(run)]
    return texts, _join(numbers + body[start:])


def _parts(segment: Segment) -> tuple[list[str], str]:
    """After "with" and "has": "a belt", "gold buttons"."""
    return [_join_with_article(segment.body)], ""


def _denied_parts(segment: Segment) -> tuple[list[str], str]:
    """After "no" and "without": "no hood", but "not pink"."""
    body = _trim(segment.body)
    if not body:
        return [], ""
    if body[0].kind == "word" and body[0].text.casefold().endswith("ing"):
        return [f"{segment.lead.lower()} {_join(body)}"], ""  # "without being too short"
    if len(body) == 1 and body[0].known:
        return _deny_term(body[0], "no"), ""
    if body[0].kind in ADJECTIVES and body[-1].known and body[-1].kind not in NOUNS:
        return [f"not {_join(body)}"], ""
    return [f"no {_join(body)}"], ""


def _denied(segment: Segment) -> tuple[list[str], str]:
    """After "not": "not pink"; in "a not striped shirt" the shirt itself is not denied."""
    body = [token for token in segment.body if token.kind not in ("generic", "pronoun")]
    has_article = bool(body) and body[0].kind == "det"
    terms = _trim(body)
    if not terms:
        return [], ""
    if len(terms) == 1 and terms[0].known and not (has_article and terms[0].kind == "category"):
        return _deny_term(terms[0], "not"), ""
    all_known = all(token.known for token in terms)
    if all_known and not has_article and terms[0].kind != "category" and terms[-1].kind == "category":
        texts, head = _stack(terms[1:])
        return _deny_term(terms[0], "not") + texts, head
    if all_known and terms[-1].kind == "part":
        return [f"no {_join(terms)}"], ""
    return [f"not {_join(body)}"], ""


def _deny_term(term: Token, said: str) -> list[str]:
    """Not (a or b) is not a, and not b."""
    is_noun = term.kind == "part" or (said == "no" and term.text.lower().endswith(NOUN_ENDINGS))
    word = said if term.kind == "category" else "no" if is_noun else "not for" if term.kind in TIMES else "not"
    return [f"{word} {option}" for option in term.options or (term.text.lower(),)]


def _phrase(segment: Segment) -> tuple[list[str], str]:
    """A preposition and what it governs: "for an evening event", "below the knee"."""
    body = list(segment.body)
    governed = _trim(body)
    if not governed:
        return [], ""
    if segment.lead == "for" and len(governed) == 1 and governed[0].text.lower() in _STATED_TIMES:
        return [_statement(governed[0])], ""
    return [f"{segment.lead.lower()} {_join(body)}"], ""


def _whole(segment: Segment) -> tuple[list[str], str]:
    return [f"{segment.lead.lower()} {_join(segment.body)}".strip()], ""


_READERS: dict[Mode, Callable[[Segment], tuple[list[str], str]]] = {  # texts, and the category if one is named
    "is": _things,
    "with": _parts,
    "no": _denied_parts,
    "not": _denied,
    "phrase": _phrase,
    "whole": _whole,
    "ignore": lambda _: ([], ""),  # "with or without a belt" asks for nothing
}
