"""`rules`: English shopper sentences to requirements, by a deterministic grammar, offline and in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yofo_rerank.decompose.base import MAX_TEXT_CHARS, assemble, clean, is_visible
from yofo_rerank.decompose.phrases import phrases
from yofo_rerank.decompose.segments import split
from yofo_rerank.decompose.tokens import tokenize
from yofo_rerank.requirements import MAX_QUERY_CHARS, DecomposedQuery, Requirement


@dataclass(frozen=True)
class RulesDecomposer:
    """The default: commas, "and", with/without, not/no/non-, or, preferably; fillers are dropped.

    The thing comes first and its properties follow as said; positives lose their "with" ("buttons"), negatives become
    "no X" for nouns and "not X" for adjectives; an or-group is one requirement; words outside the lexicon stay in
    their phrase.

    >>> query = RulesDecomposer().decompose("I'm looking for a midi or long dress, not pink, preferably with pockets")
    >>> [(requirement.text, requirement.necessity) for requirement in query.requirements]
    [('dress', 'must'), ('midi or long', 'must'), ('not pink', 'must'), ('pockets', 'should')]
    """

    name = "rules"

    def decompose(self, query: str) -> DecomposedQuery:
        """Any text that is not blank gives 1 to 64 requirements; raises DecomposeError for a blank one."""
        line = clean(query)
        is_long = len(line) > MAX_QUERY_CHARS
        warnings = [f"read the first {MAX_QUERY_CHARS} of {len(line)} characters"] if is_long else []
        return assemble(line, read(line[:MAX_QUERY_CHARS]), name=self.name, warnings=warnings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for `get_decomposer`."""
        return {"kind": self.name}


def read(line: str) -> list[Requirement]:
    """The requirements of a clean line, possibly none.

    >>> [requirement.text for requirement in read("blue, hooded top without a chest logo")]
    ['top', 'blue', 'hooded', 'no chest logo']
    """
    if line[0] in "{[" and line[-1] in "}]":  # data, not a sentence
        return [Requirement(text=line[: MAX_TEXT_CHARS + 1])]
    found = [pair for segment in split(tokenize(line)) for pair in phrases(segment)]
    stated = ((_unquote(text)[:1000], necessity) for text, necessity in found)
    return [Requirement(text=text, necessity=necessity) for text, necessity in stated if is_visible(text)]


def _unquote(text: str) -> str:
    inner = text[1:-1]
    is_quoted = len(text) > 2 and text[0] in '"“' and text[-1] in '"”' and not set(inner) & set('"“”')
    return inner.strip() if is_quoted and is_visible(inner) else text
