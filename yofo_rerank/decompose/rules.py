"""`rules`: English sentences to requirements, by a deterministic grammar, offline and in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from yofo_rerank.decompose.base import MAX_TEXT_CHARS, assemble, is_visible, read_query
from yofo_rerank.decompose.cutter import cut
from yofo_rerank.decompose.phrases import garments, phrases
from yofo_rerank.decompose.statements import Statement
from yofo_rerank.decompose.things import Found
from yofo_rerank.decompose.words import Word, verbatim, words_of
from yofo_rerank.requirements import DecomposedQuery, Requirement


@dataclass(frozen=True)
class RulesDecomposer:
    """The default: a clause is split only where the grammar is sure; otherwise it stays whole, with a warning.

    The thing comes first and its properties follow as said; positives lose their "with" ("buttons"), negatives become
    "no X" for nouns and "not X" for adjectives, and never lose their denial; an or-group is one requirement; of several
    things each keeps its own properties; words outside the lexicon stay in their phrase.

    >>> query = RulesDecomposer().decompose("I'm looking for a midi or long dress, not pink, preferably with pockets")
    >>> [(requirement.text, requirement.necessity) for requirement in query.requirements]
    [('dress', 'must'), ('midi or long', 'must'), ('not pink', 'must'), ('pockets', 'should')]
    >>> RulesDecomposer().decompose("not black leather boots").warnings
    ("kept whole, not sure how to read it: 'not black leather boots'",)
    """

    name = "rules"

    def decompose(self, query: str) -> DecomposedQuery:
        """Any text that is not blank gives 1 to 64 requirements; raises DecomposeError for a blank one."""
        line, warnings = read_query(query)
        requirements, notes = read(line)
        return assemble(line, requirements, name=self.name, warnings=[*warnings, *notes])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for `get_decomposer`."""
        return {"kind": self.name}


def read(line: str) -> tuple[list[Requirement], list[str]]:
    """The requirements of a clean line, possibly none, and warnings.

    >>> [requirement.text for requirement in read("blue, hooded top without a chest logo")[0]]
    ['top', 'blue', 'hooded', 'no chest logo']
    """
    if line[0] in "{[" and line[-1] in "}]":  # data, not a sentence
        return [Requirement(text=line[: MAX_TEXT_CHARS + 1])], []
    words, warnings = words_of(line)
    requirements = []
    for found, wish in _found(cut(words)):
        text = _unquote(found.text)[:1000]
        if is_visible(text):
            requirements.append(Requirement(text=text, necessity="should" if wish else "must"))
            if not found.sure:
                warnings.append(f"kept whole, not sure how to read it: {text[:80]!r}")
    return requirements, warnings


def _found(statements: Sequence[Statement]) -> list[tuple[Found, bool]]:
    """What the statements ask for; of several things ("blue shirt and black trousers") each keeps its own."""
    things = [thing for statement in statements for thing in garments(statement)]
    if len({text.casefold() for text, _ in things}) < 2 or not any(dressed for _, dressed in things):
        return [pair for statement in statements for pair in phrases(statement)]
    found: list[tuple[Found, bool]] = []
    holds_thing = False  # whether the last requirement is a thing, which what follows without a comma belongs to
    for statement in [part for one in statements for part in _apart(one)]:
        own = garments(statement)
        if holds_thing and not statement.after_comma and (not own or statement.mode != "is"):
            last, wish = found[-1]
            sure = last.sure and not (own and statement.mode == "no")  # "no print and blue jeans": are they denied too?
            found[-1] = (Found(f"{last.text} {verbatim(statement.words)}", is_head=True, sure=sure), wish)
        elif own and statement.mode != "no" and len(own) == len(_listed(statement)):
            found += [(Found(text, is_head=True), statement.wish) for text, _ in own]
        else:
            found += phrases(statement)
        holds_thing = bool(own) or (holds_thing and not statement.after_comma)
    return found


def _apart(statement: Statement) -> list[Statement]:
    """A thing after a comma is no part of what stands before: "trousers with pockets, a white shirt"."""
    commas = [at for at, word in enumerate(statement.body) if word.key == ","]
    for at in commas if statement.mode == "has" else []:
        after = replace(statement, mode="is", lead=[], body=statement.body[at + 1 :], after_comma=True)
        if any(dressed for _, dressed in garments(after)):
            return [replace(statement, body=statement.body[:at]), after]
    return [statement]


def _listed(statement: Statement) -> list[list[Word]]:
    """The words between commas and "and"."""
    runs = groupby(statement.body, key=lambda word: word.key in (",", "and", "&"))
    return [list(run) for joins, run in runs if not joins]


def _unquote(text: str) -> str:
    inner = text[1:-1]
    is_quoted = len(text) > 2 and text[0] in '"“' and text[-1] in '"”' and not set(inner) & set('"“”')
    return inner.strip() if is_quoted and is_visible(inner) else text
