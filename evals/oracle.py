"""A requirement whose truth is known, and how it is said on its own."""

from __future__ import annotations

from dataclasses import dataclass

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.statements import Claim, holds
from yofo_rerank.requirements import Requirement


@dataclass(frozen=True)
class OracleRequirement:
    """A requirement whose truth is known: any of its claims holds, or with `negated` none does."""

    claims: tuple[Claim, ...]
    shape: str  # of its words: adj, noun, kind, prep (yofo_rerank.mini.phrases)
    words: tuple[str, ...]  # one for each claim
    negated: bool = False
    necessity: str = "must"

    def holds(self, garment: Garment) -> bool:
        """Whether it is true of a garment."""
        return any(holds(garment, claim) for claim in self.claims) != self.negated

    @property
    def requirement(self) -> Requirement:
        """What a perfect decomposer would make of it."""
        text = say(self.shape, " or ".join(self.words), negated=self.negated)
        return Requirement(text=text, necessity=self.necessity)


def say(shape: str, words: str, *, negated: bool = False, with_noun: bool = False) -> str:
    """A requirement on its own, in the shortest of usual wordings.

    >>> say("noun", "a belt", negated=True), say("adj", "red or blue"), say("noun", "a belt", with_noun=True)
    ('without a belt', 'red or blue', 'with a belt')
    """
    if negated:
        return f"without {words}" if shape == "noun" else f"not {words}"
    return f"with {words}" if shape == "noun" and with_noun else words
