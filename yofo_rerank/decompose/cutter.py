"""Words cut into statements, wherever an operator opens another kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from yofo_rerank.decompose.operators import operator_at
from yofo_rerank.decompose.places import all_known, place
from yofo_rerank.decompose.statements import NEGATIVE, Mode, Statement
from yofo_rerank.decompose.terms import Term, terms_of
from yofo_rerank.decompose.words import Word

_OPENS: dict[str, Mode] = {  # operator -> how to read what follows
    "deny": "deny", "doubt": "whole", "other": "whole", "ignore": "ignore", "keep": "keep", "no": "no", "not": "not",
    "except": "deny", "cannot": "keep", "is": "is", "has": "has", "neither": "not",
}  # fmt: skip
_CONTRASTS = {"but", "though", "although", "however", "yet", "whereas", "while", "so", "because", "since"}
_GLUE = {"otherwise", "unless", "until", "if", "than"}  # what stands on both sides belongs together
_VERB = re.compile(
    r"(is|are|was|were|be|must|should|shall|can|could|would|will|may|do|does|did|has|have|had|ought|looks?|seems?|stays?"
    r"|comes?|cannot|cant|wont|\w+nt)\b(?! (any |no |got ))"
)
LOOK_BACK = 30  # words; nobody says more of one thing
MAX_WORDS = 1000  # of one query; nobody says more, and time stays linear


def cut(words: Sequence[Word]) -> list[Statement]:
    """Cut words wherever an operator opens another kind of statement.

    >>> from yofo_rerank.decompose.words import words_of
    >>> [(one.mode, [word.text for word in one.body]) for one in cut(words_of("top with a hood but not pink")[0])]
    [('is', ['top']), ('has', ['a', 'hood']), ('not', ['pink'])]
    """
    return _Cutter(words[:MAX_WORDS]).run()


class _Cutter:
    """One pass over the words; `now` is the statement being filled."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self.text = "".join(f"{word.key} " for word in words)
        self.places = list(accumulate((len(word.key) + 1 for word in words), initial=0))
        self.starts = {place: at for at, place in enumerate(self.places)}
        self.done: list[Statement] = []
        self.now = Statement()
        self.read: tuple[int, int, list[Term]] = (0, 0, [])
        self.at = 0
        self.wish = False

    def run(self) -> list[Statement]:
        while self.at < len(self.words):
            word = self.words[self.at]
            name, end = "", self.at + 1
            if not word.is_name and not word.is_quote:
                name, place = operator_at(self.text, self.places[self.at], opens_clause=self._opens_clause())
                end = self.starts.get(place, self.at + 1) if name else self.at + 1
            if word.key in (".", ":"):
                self._stop(word)
            elif name and not self._absorbs(name):
                self._operate(name, list(self.words[self.at : end]), end)
            elif word.key in _CONTRASTS and not self._awaits_but():
                self._open(wish=False)
                self.now.sentence += 1
            elif word.key in _GLUE and self.now.mode != "ignore":
                self._absorb([word], "keep" if self.now.mode == "keep" else "whole")
            else:
                for word in self.words[self.at : end]:
                    self._take(word)
            self.at = end
        self._open()
        return [one for one in self.done if one.body or one.mode in ("keep", "whole") or one.mode in NEGATIVE]

    # ---- what surrounds the current word

    def _opens_clause(self) -> bool:
        if not self.now.body:
            return not self.now.lead
        says_who = self.words[self.at].key in ("i", "we", "id")  # "a red dress I need for a wedding"
        return self.now.body[-1].key in (",", "and", "&") or (says_who and self._all_known())

    def _next(self, at: int) -> Word | None:
        return self.words[at] if at < len(self.words) else None

    def _has_before(self) -> bool:
        return bool(self.done) and self.done[-1].sentence == self.now.sentence

    def _ends_clause(self, at: int) -> bool:
        following = self._next(at)
        return following is None or following.key in {".", ":", ",", "and", "or"} | _CONTRASTS

    def _rest(self, at: int) -> str:
        """The sentence from a word on."""
        return self.text[self.places[at] :].split(". ")[0] if at < len(self.words) else ""

    def _list_goes_on(self, at: int) -> bool:
        """Whether the comma here is one of "a, b and c"."""
        last = f" {self._rest(at)}".split(" but ")[0].rsplit(",", 1)[-1]
        return " and " in last or " or " in last

    def _terms(self) -> list[Term]:
        if self.read[:2] != (id(self.now), len(self.now.body)):  # asked for often, changed seldom
            self.read = (id(self.now), len(self.now.body), terms_of(self.now.body[-LOOK_BACK:]))
        return self.read[2]

    def _all_known(self) -> bool:
        return len(self.now.body) < LOOK_BACK and all_known(self._terms())

    def _awaits_but(self) -> bool:
        return self.now.mode == "keep" and any(word.key in ("only", "just", "merely") for word in self.now.lead)

    def _absorbs(self, name: str) -> bool:
        """Whether the operator is only words here."""
        mode, last = self.now.mode, self.now.body[-1].key if self.now.body else ""
        if last == "or" and name not in ("other", "want", "deny", "prefer"):
            return mode not in NEGATIVE  # "sleeveless or with thin straps" is one offer
        if mode in ("keep", "whole"):
            goes_on = last in ("and", ",") or name.startswith("<") or name in ("prefer", "filler", "except")
            return not goes_on or (mode, last) == ("whole", "and") or name in ("is", "has", "for", "at", "near", "in")
        if name == "has" and self._ends_in_verb():
            return True  # "playing with a ball"
        follows = bool(self.now.body) and last not in ("and", ",")
        if name == "has" and mode in NEGATIVE and follows and self.words[self.at].key == "with":
            self.now.doubtful = mode == "no"  # "I don't want screens with ads"; but "no sleeves with a hood"?
            return True
        if mode == "has" and name == "in" and self._is_material(self.at + 1):
            return False
        if (mode in NEGATIVE or mode == "has") and last != ",":
            made = name == "made" and (mode != "has" or self.words[self.at].key == "of")
            within = name == "in" and (mode in NEGATIVE or self._ends_in("part", "pattern", "word"))
            return made or within or name in ("near", "at") or (name == "is" and bool(self.now.body))
        return False

    def _is_material(self, at: int) -> bool:
        return [term.kind for term in terms_of(self.words[at : at + 1])] == ["material"]

    def _ends_in_verb(self) -> bool:
        last = self._terms()[-2:] if self.now.mode == "is" else []
        return len(last) == 2 and last[0].kind != "det" and last[1].kind == "word" and last[1].text.endswith("ing")

    # ---- what a word does

    def _open(self, mode: Mode = "is", lead: Sequence[Word] = (), *, wish: bool | None = None) -> None:
        last = self.now.body[-1].key if self.now.body else ","
        while self.now.body and self.now.body[-1].key in (",", "and", "or", "&"):
            self.now.body.pop()
        if self.now.mode in NEGATIVE and not self.now.body and self.done:  # "checked: no"
            lead_only, self.now = self.now.lead, self.done.pop()
            self._keep_last_chunk()
            self.now.mode, self.now.body = "whole", [*self.now.body, *lead_only]
        if self.now.words:
            self.done.append(self.now)
        self.wish = self.wish if wish is None else wish
        after_comma = last in (",", "and", "&") or not self.now.body
        self.now = Statement(mode, list(lead), wish=self.wish, sentence=self.now.sentence, after_comma=after_comma)

    def _stop(self, word: Word) -> None:
        if word.key == ":" and not self.now.body:  # "avoid: nylon"
            self.now.listed = True
            return
        if word.key == "." and self.wish and not self.now.body:  # "Nice to have: a belt"
            return
        self._open(wish=False)
        self.now.sentence += 1

    def _take(self, word: Word) -> None:
        if word.key == ",":
            if self.now.mode in ("keep", "whole", "phrase", "ignore") and not self._next_is_but():
                self._open(wish=self.wish and self._list_goes_on(self.at + 1))
                return
            if not self.now.body and self.now.mode in NEGATIVE:  # "anything but that, a vase"
                self._open()
            if not self.now.body:
                return
            if self.wish and not (self.now.listed or self._list_goes_on(self.at + 1)):
                self._open(wish=False)
                return
        self.now.body.append(word)

    def _next_is_but(self) -> bool:
        following = self._next(self.at + 1)
        return self._awaits_but() and following is not None and following.key == "but"

    def _absorb(self, words: Sequence[Word], mode: Mode) -> None:
        """The words on both sides hang together in a way that is not for us to untie."""
        self.now.mode = mode
        self.now.body += words

    def _operate(self, name: str, lead: list[Word], end: int) -> None:
        if name.startswith("<"):
            self._say_before(name)
        elif name == "has" and self.now.mode in NEGATIVE and not self.now.body:  # "but not with straps"
            self.now.mode = "no"
            self.now.lead += lead
        elif name in ("filler", "want", "must"):
            if name != "filler" or lead[0].key in ("as", "so", "provided"):
                if self._can_end():
                    self._open(wish=False if name == "must" else None)
                else:
                    self.now.body += lead
        elif name == "better":
            self._open("keep", lead, wish=True)
            self._open(wish=False)
        elif name == "prefer":
            self._prefer(lead, end)
        elif name == "not" and self._is_part_of_phrase(lead, end):
            self._keep_last_chunk()
            self._absorb(lead, "keep")
        elif name in ("is", "has", "no", "not", "cannot") and self._has_own_subject(lead, end):
            self._absorb(lead, "keep")
        elif name in ("for", "made", "in", "near", "at", "that"):
            self._place(name, lead, end)
        elif name in NEGATIVE and self.now.mode in NEGATIVE and not self.now.body:  # "not without pockets"
            self.now.mode = "whole"
            self.now.lead += lead
        else:
            insists = any(word.key in ("must", "should", "needs", "has", "have") for word in lead[:-1])
            self._open(_OPENS[name], lead, wish=False if insists else None)

    def _can_end(self) -> bool:
        return not self.now.body or self.now.body[-1].key in (",", "and") or self._all_known()

    def _has_own_subject(self, lead: Sequence[Word], end: int) -> bool:
        """Whether a verb follows that is said of a part ("the legs must not be black"), not of the thing."""
        said = "".join(f"{word.key} " for word in lead)
        if self.now.mode != "is" or not self.now.body or self.now.body[-1].key in (",", "and") or not _VERB.match(said):
            return False
        if said in ("has ", "have ", "had "):
            return False
        predicate = terms_of(self.words[end : end + 1])
        return not self._ends_in("category") or not self._all_known() or bool(predicate and predicate[0].kind == "word")

    def _is_part_of_phrase(self, lead: Sequence[Word], end: int) -> bool:
        """Whether a bare "not" says something of a part: "breakfast not included"."""
        follows = self._terms()[-1].kind == "word" if self._terms() else False
        following = terms_of(self.words[end : end + 4])
        states = self.now.mode in ("is", "has") and len(lead) == 1
        return states and follows and bool(following) and following[0].kind == "word"

    def _say_before(self, name: str) -> None:
        """What is said of the words before: a wish, a must, denied, or of no matter."""
        if not self.now.body and (self._has_before() or (name == "<deny" and self.done)):  # "Sequins? No thanks"
            self.now = self.done.pop()
        self._keep_last_chunk()
        if name == "<wish":
            self.now.keeps_head, self.now.wish = not self.now.wish, True
        elif name == "<ignore":
            self.now.mode = "ignore"
        elif name == "<deny":
            self.now.mode = "deny" if self.now.mode in ("is", "has") else "whole"
        self._open(wish=False)

    def _keep_last_chunk(self) -> None:
        """`now` becomes what follows its last comma."""
        while self.now.body and self.now.body[-1].key in (",", "and"):
            self.now.body.pop()
        commas = [at for at, word in enumerate(self.now.body) if word.key == ","]
        if commas:
            tail = self.now.body[commas[-1] + 1 :]
            self.now.body = self.now.body[: commas[-1] + 1]
            self._open("has" if self.now.mode == "has" else "is")
            self.now.body = tail

    def _prefer(self, lead: list[Word], end: int) -> None:
        has_before = bool(self.now.body) and self.now.body[-1].key not in (",", "and")
        is_last = self._next(end) is None or self.words[end].key == "."
        if (self._ends_clause(end) and has_before) or (is_last and (self.now.body or self.done)):
            self._say_before("<wish")
        elif has_before and lead[0].key in ("if", "where", "when") and self._terms()[-1].kind != "category":
            self._absorb(lead, "whole")  # "in red if available otherwise blue"
        else:
            self._open(wish=True)

    def _place(self, name: str, lead: list[Word], end: int) -> None:
        """A preposition or "that": opens a phrase of its own, or belongs to the words before."""
        offers_more = f"or {lead[0].key} " in self._rest(end).split(",")[0]  # "made of cotton or made of satin"
        mode, opening = place(name, lead, terms_of(self.words[end : end + 8]), self.now, self._terms(), offers_more)
        if mode:
            self._open(mode, opening)
        else:
            self.now.body += opening

    def _ends_in(self, *kinds: str) -> bool:
        terms = self._terms()
        return bool(terms) and terms[-1].kind in kinds
