"""What every decomposer shares: the protocol, the limits, and how requirements become a DecomposedQuery."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import MAX_QUERY_CHARS, DecomposedQuery, Requirement

MAX_REQUIREMENTS = 64
MAX_TEXT_CHARS = 200


@runtime_checkable
class Decomposer(Protocol):
    """Turns a query into requirements."""

    @property
    def name(self) -> str:
        """The name that the result carries."""
        ...

    def decompose(self, query: str) -> DecomposedQuery:
        """The query as at least one requirement."""
        ...


def read_query(query: str) -> tuple[str, list[str]]:
    """The first `MAX_QUERY_CHARS` characters on one clean line, and a warning if there were more.

    >>> read_query("red " * 10_000)[1]
    ['read the first 5000 of 40000 characters of the query']

    Raises:
        DecomposeError: as `clean`.
    """
    if isinstance(query, str) and len(query) > MAX_QUERY_CHARS:
        note = f"read the first {MAX_QUERY_CHARS} of {len(query)} characters of the query"
        return clean(query[:MAX_QUERY_CHARS]), [note]
    return clean(query), []


def clean(query: str) -> str:
    r"""The query on one line: control characters, newlines and broken surrogates become spaces.

    >>> clean("red\n\tdress\x00 ")
    'red dress'

    Raises:
        DecomposeError: the query is not a string, or nothing of it can be seen.
    """
    if not isinstance(query, str):
        raise DecomposeError(f"a query must be a string, but got {type(query).__name__}")
    kinds = ((char, unicodedata.category(char)) for char in query)
    line = " ".join("".join(" " if kind in ("Cc", "Cs", "Zl", "Zp") else char for char, kind in kinds).split())
    if not is_visible(line):
        raise DecomposeError(f"the query is blank: wanted words, but got {query[:40]!r}")
    return line


def is_visible(text: str) -> bool:
    """Whether anything but spaces, format and combining characters is there."""
    return any(unicodedata.category(char)[0] not in "ZCM" for char in text)


def assemble(
    query: str, requirements: Iterable[Requirement], *, name: str, warnings: Sequence[str] = ()
) -> DecomposedQuery:
    """Requirements without repeats, shortened and capped; each of these leaves a warning, an empty list the query.

    >>> twice = [Requirement(text="Red", necessity="should"), Requirement(text="red")]
    >>> [(r.text, r.necessity) for r in assemble("red, red", twice, name="rules").requirements]
    [('Red', 'must')]
    """
    notes = list(warnings)
    kept: dict[str, Requirement] = {}
    for requirement in requirements:
        short = _shorten(requirement, notes)
        key = short.text.casefold()
        first = kept.setdefault(key, short)
        if first.necessity == "should" and short.necessity == "must":
            kept[key] = first.model_copy(update={"necessity": "must"})
    if not kept:
        kept = {"": _shorten(Requirement(text=query[: MAX_TEXT_CHARS + 1]), notes)}
    if len(kept) > MAX_REQUIREMENTS:
        notes.append(f"kept the first {MAX_REQUIREMENTS} of {len(kept)} requirements")
    return DecomposedQuery(
        query=query, requirements=tuple(kept.values())[:MAX_REQUIREMENTS], decomposer=name, warnings=tuple(notes)
    )


def with_warnings(decomposed: DecomposedQuery, first: Sequence[str]) -> DecomposedQuery:
    """The same, with warnings that go before its own."""
    return decomposed.model_copy(update={"warnings": (*first, *decomposed.warnings)})


def _shorten(requirement: Requirement, notes: list[str]) -> Requirement:
    if len(requirement.text) <= MAX_TEXT_CHARS:
        return requirement
    text = requirement.text[:MAX_TEXT_CHARS]
    text = (text.rsplit(" ", 1)[0] if is_visible(text.rsplit(" ", 1)[0]) else text).strip()
    notes.append(f"shortened a requirement of {len(requirement.text)} characters to {len(text)}: {text[:40]!r}...")
    return requirement.model_copy(update={"text": text})
