"""A statement: a stretch of words that says one kind of thing (is, has, is not, has no, is for ...)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yofo_rerank.decompose.words import Word

Mode = Literal["is", "has", "no", "not", "deny", "phrase", "keep", "whole", "ignore"]
NEGATIVE = frozenset({"no", "not", "deny"})


@dataclass
class Statement:
    """A stretch of words and how to read it; `lead` are the words that opened it."""

    mode: Mode = "is"
    lead: list[Word] = field(default_factory=list)
    body: list[Word] = field(default_factory=list)
    wish: bool = False
    keeps_head: bool = False  # softened afterwards ("red dress if possible"): the thing itself stays a must
    sentence: int = 0
    listed: bool = False  # "avoid: nylon, glitter": all that follows
    doubtful: bool = False  # two readings: stays whole
    after_comma: bool = True  # else it belongs to the words just before, as in "trousers without pockets"

    @property
    def words(self) -> list[Word]:
        """Everything it was made from."""
        return [*self.lead, *self.body]
