"""Tokens cut into segments: stretches that say one kind of thing (is, has, is not, has no, is for ...)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from yofo_rerank.decompose.lexicon import ADJECTIVES, TIMES
from yofo_rerank.decompose.markers import ABSORBS_BUT
from yofo_rerank.decompose.tokens import LOOK_AHEAD, Token
from yofo_rerank.requirements import Necessity

Mode = Literal["is", "with", "not", "no", "phrase", "whole", "ignore"]
_LOOSE = frozenset({"det", "generic", "degree", "pronoun", "number"})
_STACKED = ADJECTIVES | TIMES | {"det", "degree"}
_STACKED_LIST = _STACKED | {"and"}
_END = Token("", "stop")
_OPENS_SEGMENT = frozenset(
    {"with", "no", "not", "nor", "whole", "ignore", "must", "be", "is", "that", "prefer", "for", "made"}
    | {"stop", "filler", "but"}
)


@dataclass
class Segment:
    """A stretch of tokens, how to read it, and whether it is a must; `lead` is the text that opened it."""

    mode: Mode = "is"
    lead: str = ""
    necessity: Necessity = "must"
    keeps_head: bool = False  # softened afterwards ("red dress if possible"): the category stays a must
    body: list[Token] = field(default_factory=list)

    @property
    def is_negative(self) -> bool:
        """Whether the body is denied."""
        return self.mode in ("not", "no")

    @property
    def all_known(self) -> bool:
        """Whether the lexicon (or the grammar) knows every word of the body, and there is one."""
        return all(token.known or token.kind in _LOOSE for token in self.body) and any(
            token.known for token in self.body
        )


def split(tokens: Sequence[Token]) -> list[Segment]:
    """Cut tokens at every word that opens another kind of statement.

    >>> from yofo_rerank.decompose.tokens import tokenize
    >>> [(s.mode, [t.text for t in s.body]) for s in split(tokenize("top with a hood but not pink"))]
    [('is', ['top']), ('with', ['a', 'hood']), ('not', ['pink'])]
    """
    return _Splitter(tokens).run()


class _Splitter:
    """One pass over the tokens; `now` is the segment being filled."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.done: list[Segment] = []
        self.now = Segment()
        self.at = 0
        self.prefers_next = False  # "Preferably, red": the preference outlives its comma

    def run(self) -> list[Segment]:
        for at, token in enumerate(self.tokens):
            self.at = at
            handler = getattr(self, f"_on_{token.kind}", self.now.body.append)
            if self._belongs_to_alternative(token):
                self._word(token)
            else:
                handler(token)
        self._open()
        return self.done

    # ---- what surrounds the current token

    def _ahead(self) -> Sequence[Token]:
        return self.tokens[self.at + 1 : self.at + 1 + LOOK_AHEAD]

    def _next(self, *, skip: frozenset[str] = frozenset()) -> Token:
        rest = (token for token in self._ahead() if token.kind not in skip)
        return next(rest, _END)

    def _last_kind(self) -> str:
        return self.now.body[-1].kind if self.now.body else ""

    def _belongs_to_alternative(self, token: Token) -> bool:
        """Whether an "or" just before makes this marker a part of what is offered: "sleeveless or with straps"."""
        return self._last_kind() == "or" and not token.known and token.kind not in ("stop", "but", "skip", "det")

    def _open(self, mode: Mode = "is", lead: str = "", necessity: Necessity | None = None) -> None:
        if self.now.body:
            self.done.append(self.now)
        self.now = Segment(mode, lead, necessity or self.now.necessity)

    def _word(self, token: Token) -> None:
        self.now.body.append(token.as_word())

    # ---- one handler per kind of marker

    def _on_stop(self, token: Token) -> None:
        if token.text == "," and (self._continues_stack() or (self._awaits_but() and self._next().kind == "but")):
            return
        self._open(necessity="should" if self.prefers_next else "must")
        self.prefers_next = False

    def _continues_stack(self) -> bool:
        """Whether the comma or "and" stands between adjectives of one category: "a sleeveless, asymmetric dress"."""
        if self.now.mode != "is" or not self.now.body or any(token.kind not in _STACKED for token in self.now.body):
            return False
        rest = (token for token in self._ahead() if token.kind not in _STACKED_LIST and token.text != ",")
        return next(rest, _END).kind == "category"

    def _on_but(self, token: Token) -> None:
        if self._awaits_but():
            self._word(token)
        else:
            self._open(necessity="must")

    def _awaits_but(self) -> bool:
        return self.now.mode == "whole" and self.now.lead.casefold() in ABSORBS_BUT

    def _on_skip(self, _: Token) -> None: ...

    def _on_filler(self, token: Token) -> None:
        if self.now.all_known and self.now.mode == "is":
            self._open()
        elif self.now.body:
            self._word(token)

    def _on_pronoun(self, token: Token) -> None:
        if self.now.body or self.now.mode == "whole":
            self._word(token)

    def _on_or(self, token: Token) -> None:
        if self.now.is_negative and self.now.body:
            self._open(self.now.mode, self.now.lead)  # no hood or (no) logo
        elif self.now.body:
            self.now.body.append(token)

    def _on_nor(self, token: Token) -> None:
        self._open(self.now.mode if self.now.is_negative else "not", token.text)

    def _on_and(self, token: Token) -> None:
        if not self.now.body or self._continues_stack():
            return
        if not self._and_splits():
            self.now.body.append(token)
            return
        after = self._next(skip=frozenset({"det", "degree"})).kind
        keeps = self.now.mode in ("with", "no") or (self.now.mode == "phrase" and after in TIMES)
        if keeps and after not in _OPENS_SEGMENT:
            self._open(self.now.mode, self.now.lead)
        else:
            self._open()

    def _and_splits(self) -> bool:
        after = self._next(skip=frozenset({"det", "degree"}))
        if after.kind in _OPENS_SEGMENT or self.now.mode in ("with", "no"):
            return True
        if self.now.mode == "whole" or self.now.all_known:
            return self.now.mode != "whole"  # "not both red and blue" stays whole
        if len(self.now.body) > 2 or any(token.kind not in ("word", "det") for token in self.now.body):
            return False
        rest = list(takewhile(lambda token: token.kind not in _OPENS_SEGMENT, self._ahead()))
        return bool(rest) and all(token.known or token.kind in _LOOSE for token in rest)  # "comfy and red"

    def _on_with(self, token: Token) -> None:
        if self.now.is_negative and not self.now.body:
            self.now.mode = "no"  # "should not" + "have"
        elif self._follows_verb() or (self.now.mode == "whole" and not self.now.body):
            self._word(token)  # "playing with a ball", "covered with snow"
        else:
            self._open("with")

    def _follows_verb(self) -> bool:
        last = self.now.body[-1] if self.now.body else None
        return last is not None and last.kind == "word" and last.text.casefold().endswith(("ing", "ed"))

    def _on_no(self, token: Token) -> None:
        self._deny("no", token)

    def _on_not(self, token: Token) -> None:
        self._deny("not", token)

    def _deny(self, mode: Literal["no", "not"], token: Token) -> None:
        if self.now.is_negative and not self.now.body:  # "not without pockets": said as it stands
            self.now.mode, self.now.lead = "whole", f"{self.now.lead} {token.text}"
        else:
            self._open(mode, token.text)

    def _on_whole(self, token: Token) -> None:
        denied = self.now.lead if self.now.is_negative and not self.now.body else ""
        self._open("whole", f"{denied} {token.text}".strip())

    def _on_ignore(self, _: Token) -> None:
        self._open("ignore")

    def _on_must(self, _: Token) -> None:
        self._open(necessity="must")

    def _on_be(self, token: Token) -> None:
        if not self.now.body:
            return
        if self.now.all_known or self._last_kind() in ("generic", "pronoun"):
            self._open()
        else:
            self._word(token)

    def _on_is(self, _: Token) -> None:
        if self.now.body or not self.now.is_negative:
            self._open()

    def _on_that(self, token: Token) -> None:
        after = self._next()
        if after.kind in ("be", "with", "no", "not", "must", "whole", "prefer", "for"):
            self._open()
        elif after.known:
            self.now.body.append(Token(token.text, "det"))  # "that dress"
        elif self.now.all_known:
            self._open("whole")  # "a dress that covers the knees"
        else:
            self._word(token)

    def _on_prefer(self, token: Token) -> None:
        after = self._next()
        comes_after = after.kind in ("stop", "and", "but", "prefer") if self.now.body else not after.text
        if comes_after and (self.now.body or self.done):
            self._on_prefer_after(token)
        else:
            self._open(necessity="should")
            self.prefers_next = after.kind == "stop"

    def _on_prefer_after(self, _: Token) -> None:
        if self.now.body:
            self._soften(self.now)
            self._open(necessity="must")
        elif self.done:
            self._soften(self.done[-1])

    @staticmethod
    def _soften(segment: Segment) -> None:
        segment.keeps_head = segment.necessity == "must"
        segment.necessity = "should"

    def _on_for(self, token: Token) -> None:
        self._open_phrase(token, "for")  # "perfect for summer" and "to wear in summer" are "for summer"

    def _open_phrase(self, token: Token, lead: str) -> None:
        if self.now.is_negative and not self.now.body:
            self.now.mode = "not"
            self.now.body.append(Token(lead, "word"))  # "not for winter", "nothing for winter"
        elif self._follows_verb():
            self._word(token)  # "waiting for a bus"
        else:
            self._open("phrase", lead)

    def _on_made(self, token: Token) -> None:
        if self._next(skip=_LOOSE).kind not in ADJECTIVES or self._offers_another(token):
            self._open_phrase(token, token.text)
        elif self.now.body or not self.now.is_negative:
            self._open()

    def _on_in(self, token: Token) -> None:
        after = self._next(skip=_LOOSE)
        stands_alone = after.kind in ADJECTIVES and (
            not self.now.body or self.now.all_known or self._ends_clause(after)
        )
        if self._last_kind() in ("part", "pattern") and after.kind != "material":
            stands_alone = False  # "buttons in gold", "patterned in blue"; but in denim is the whole garment
        if self.now.is_negative and not self.now.body and after.kind in ADJECTIVES:
            return  # "not in pink"
        if self._offers_another(token):
            self._open_phrase(token, token.text)
        elif stands_alone or (after.kind in ("not", "no") and not self._has_unknown()):
            self._open()
        else:
            self._on_prep(token)

    def _offers_another(self, token: Token) -> bool:
        """Whether the preposition is said again after an "or": "made of cotton or made of satin"."""
        ahead = [other.kind for other in self._ahead()[:4]]
        return "or" in ahead and ahead[ahead.index("or") + 1 :][:1] == [token.kind]

    def _has_unknown(self) -> bool:
        return bool(self.now.body) and not self.now.all_known

    def _ends_clause(self, term: Token) -> bool:
        position = self.tokens.index(term, self.at)
        after = self.tokens[position + 1].kind if position + 1 < len(self.tokens) else "stop"
        return after in _OPENS_SEGMENT or after in ("and", "generic", "prefer_after")

    def _on_of(self, token: Token) -> None:
        if self.now.all_known and self._next(skip=_LOOSE).kind == "material":
            self._open()
        else:
            self._on_prep(token)

    def _on_prep(self, token: Token) -> None:
        if self.now.mode == "whole" or (self.now.is_negative and not self.now.body):
            self._word(token)
        elif not self.now.body or (self.now.mode == "is" and self.now.all_known and self._last_kind() == "category"):
            self._open("phrase", token.text)
        else:
            self._word(token)
