"""One person's search: candidates, what is known of them, and an order that needs no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yofo_rerank.documents import Document
from yofo_rerank.errors import ConfigError
from yofo_rerank.ranking import explain_outcomes, failure_warnings
from yofo_rerank.requirements import (
    MAX_QUERY_CHARS,
    MAX_REQUIREMENT_CHARS,
    DecomposedQuery,
    JudgedDocument,
    Judgement,
    RankedDocument,
    Ranking,
    Requirement,
)
from yofo_rerank.scoring import get_rule

MAX_WISHES = 12  # rows on the page
MAX_STATE_CHARS = 20_000  # of an address


class Wish(BaseModel):
    """A requirement as it stands on the page, where it may be switched off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(default="", max_length=MAX_REQUIREMENT_CHARS)
    necessity: Literal["must", "should", "off"] = "must"
    weight: float = Field(default=1.0, gt=0, le=10)

    @property
    def counts(self) -> bool:
        """Whether it is judged and scored."""
        return bool(self.text.strip()) and self.necessity != "off"

    def requirement(self) -> Requirement:
        """As the library knows it."""
        return Requirement(text=self.text, necessity=self.necessity, weight=self.weight)


class Shared(BaseModel):
    """What an address carries: enough to see the same page again.

    >>> Shared.read(Shared(query="red").write()).query
    'red'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(default="", max_length=MAX_QUERY_CHARS)
    wishes: tuple[Wish, ...] = Field(default=(), max_length=MAX_WISHES)
    rule: str = Field(default="weighted", max_length=500)

    def write(self) -> str:
        """As text for an address."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def read(cls, text: str) -> Shared:
        """From the text of an address.

        Raises:
            ConfigError: it is not one of ours.
        """
        try:
            if len(text) > MAX_STATE_CHARS:
                raise ConfigError(f"the address holds {len(text):,} characters, wanted at most {MAX_STATE_CHARS:,}")
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ConfigError("the address holds no search that this page can read") from error


@dataclass(frozen=True)
class Session:
    """Candidates in the retriever's order, and what the judge has said of them so far; never changed."""

    query: str = ""
    documents: tuple[Document, ...] = ()
    retrieval_scores: tuple[float | None, ...] = ()
    known: Mapping[str, tuple[JudgedDocument, ...]] = field(default_factory=dict)  # text -> outcome of each document

    def missing(self, wishes: Sequence[Wish]) -> list[Requirement]:
        """What the judge has not been asked yet."""
        texts = dict.fromkeys(wish.text.strip() for wish in wishes if wish.counts)
        return [Requirement(text=text) for text in texts if text not in self.known]

    def learn(self, asked: Sequence[Requirement], outcomes: Sequence[JudgedDocument]) -> Session:
        """With the answers of every document to what was asked."""
        columns = {
            one.text: tuple(replace(outcome, judgements=outcome.judgements[place : place + 1]) for outcome in outcomes)
            for place, one in enumerate(asked)
        }
        return replace(self, known=dict(self.known) | columns)

    def ranking(self, wishes: Sequence[Wish], rule: str) -> Ranking:
        """The order by what is known; nothing is judged.

        Raises:
            RuleError: a rule that cannot score these wishes.
        """
        wanted = [wish.requirement() for wish in wishes if wish.counts]
        outcomes = [self._outcome(place, wanted) for place in range(len(self.documents))]
        scoring = get_rule(rule if not rule.lstrip().startswith("=") else _expression(rule))
        scoring.check(wanted)
        places = explain_outcomes(outcomes, scoring, self.retrieval_scores)
        query = DecomposedQuery(query=self.query, requirements=tuple(wanted), decomposer="page")
        ranked = (RankedDocument(document=self.documents[place.index], **vars(place)) for place in places)
        return Ranking(ranked, query=query, warnings=failure_warnings(outcomes))

    def _outcome(self, place: int, wanted: Sequence[Requirement]) -> JudgedDocument:
        found = [self.known[one.text][place] for one in wanted]
        failure = next((outcome.failure for outcome in found if outcome.failure), None)
        if failure is not None:
            return JudgedDocument(failure=failure)
        said = (
            Judgement(requirement=one, p_yes=outcome.judgements[0].p_yes, verdict=outcome.judgements[0].verdict)
            for one, outcome in zip(wanted, found, strict=True)
        )
        return JudgedDocument(tuple(said))


def _expression(rule: str) -> dict[str, str]:
    """`= r1 and not r2` as the expression rule."""
    return {"kind": "expression", "expression": rule.lstrip().removeprefix("=").strip()}
