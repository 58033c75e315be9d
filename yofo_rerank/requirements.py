"""The words of the library: Requirement, DecomposedQuery, Judgement, Evidence, Failure, Explanation, a ranking.

All are frozen and JSON-able; numbers are Python floats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, field_validator
from pydantic.dataclasses import dataclass as checked_dataclass

from yofo_rerank.documents import Document

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

Necessity = Literal["must", "should"]
Box = tuple[float, float, float, float]  # left, top, right, bottom in 0..1

MAX_REQUIREMENT_CHARS = 1000
MAX_QUERY_CHARS = 5_000  # of a query nothing reads more: no decomposer, no chat model, no first stage


class Requirement(BaseModel):
    """One statement that holds of a document or does not.

    >>> Requirement(text="not pink").necessity
    'must'
    >>> Requirement(text="grey", necessity="should", weight=0.5).to_dict()
    {'text': 'grey', 'necessity': 'should', 'weight': 0.5, 'name': None}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(max_length=MAX_REQUIREMENT_CHARS)
    necessity: Necessity = "must"
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    name: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")  # for expressions; else r1, r2, ...

    @field_validator("text")
    @classmethod
    def _text_is_not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("a requirement needs a text, but got a blank one")
        return text.strip()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return self.model_dump()


class DecomposedQuery(BaseModel):
    """A query as requirements, and what the decomposer wants to say about it.

    >>> DecomposedQuery(query="blue top", requirements=(Requirement(text="blue"),)).requirements[0].text
    'blue'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    requirements: tuple[Requirement, ...] = Field(min_length=1)
    scoring: dict[str, Any] | None = None  # a rule as plain data (yofo_rerank.scoring), when the decomposer chose one
    decomposer: str = "fixed"
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return self.model_dump(mode="json")


class Judgement(BaseModel):
    """The answer to one requirement: probability of yes (paper eq. 4, over yes and no alone) and verdict (eq. 5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirement: Requirement
    p_yes: float = Field(ge=0, le=1, allow_inf_nan=False)
    verdict: bool
    label_mass: float | None = Field(default=None, ge=0, le=1)  # share of the vocabulary that yes and no have

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `label_mass` only where it was measured."""
        return self.model_dump(exclude={"label_mass"} if self.label_mass is None else None)


class Word(BaseModel):
    """A word of a document's text, and how far the log-odds of yes fall without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    start: int  # its place in the document's text
    weight: float


class ImageMap(BaseModel):
    """The map over one of several images, and the box of what carries most of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heat: tuple[tuple[float, ...], ...]
    box: Box | None = None


class Evidence(Judgement):
    """A judgement, and where in the document it comes from.

    A map says what the answer depends on: how far the log-odds of yes fall when a place cannot be seen. It is no
    segmentation, and what is seen in two places may carry little in each.

    `heat` has the rows and columns of the image's tokens, positive where yes comes from; `box` is (left, top, right,
    bottom) in 0..1 of the upright picture, the smallest that holds most of what speaks for the verdict; `page` is the
    image they are of, from 0; `words` weighs the document's text. Without an image `heat` is empty and `box` None.
    Of a document with several images, `page` is the one on which most depends, and `maps` holds the map of each.

    >>> Evidence(requirement=Requirement(text="has a belt"), p_yes=0.9, verdict=True, box=(0, 0, 1, 0.5)).box
    (0.0, 0.0, 1.0, 0.5)
    """

    heat: tuple[tuple[float, ...], ...] = ()
    box: Box | None = None
    page: int = 0
    words: tuple[Word, ...] = ()
    maps: tuple[ImageMap, ...] = ()

    def overlay(self, image: Image.Image) -> Image.Image:
        """A copy of the upright picture, `document.load_image(page=evidence.page)`, with the map on it: violet speaks
        for yes, amber against; the box is white.
        """
        from yofo_rerank.evidence import draw_overlay

        return draw_overlay(image, self.heat, self.box)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `Evidence(**data)` reads them back."""
        return self.model_dump(mode="json")


class Failure(BaseModel):
    """Why a document could not be judged: a stable code and one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str


@dataclass(frozen=True)
class JudgedDocument:
    """What the judge found for one document: judgements, or the failure that prevented them.

    `n_tokens` is what it takes to ask this of this document alone, whatever was known already or asked with it: the
    tokens of the document and of each requirement. None where the judge does not say, or could not judge.
    """

    judgements: tuple[Judgement, ...] = ()
    failure: Failure | None = None
    n_tokens: int | None = field(default=None, compare=False)


@checked_dataclass(frozen=True)
class Explanation:
    """Why a candidate stands where it does.

    `index` is its position in the input (the rank before), `score` is in 0..1, `retrieval_score` is the first stage's
    own score if it gave one. A candidate that could not be judged has score 0.0, no judgements and a `failure`.

    >>> Explanation(index=3, score=0.5).to_dict()
    {'index': 3, 'score': 0.5, 'retrieval_score': None, 'judgements': [], 'failure': None}
    """

    index: int
    score: float = Field(allow_inf_nan=False)
    retrieval_score: float | None = None
    judgements: tuple[Judgement, ...] = ()
    failure: Failure | None = None
    evidence: tuple[Evidence, ...] = ()  # of the judgements, where it was asked for

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `Explanation(**data)` reads them back."""
        found: dict[str, Any] = {
            "index": self.index,
            "score": self.score,
            "retrieval_score": self.retrieval_score,
            "judgements": [judgement.to_dict() for judgement in self.judgements],
            "failure": self.failure.model_dump() if self.failure else None,
        }
        return found | ({"evidence": [one.to_dict() for one in self.evidence]} if self.evidence else {})


@checked_dataclass(frozen=True)
class RankedDocument(Explanation):
    """One place in a ranking: the document, and why it stands there."""

    document: InstanceOf[Document] = Field(kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; image bytes are left out, paths and ids stay."""
        return {"document": self.document.to_dict()} | super().to_dict()


class Ranking(list[RankedDocument]):
    """The list of ranked documents, best first, together with the query as it was understood."""

    def __init__(
        self, ranked: Iterable[RankedDocument] = (), *, query: DecomposedQuery, warnings: Sequence[str] = ()
    ) -> None:
        super().__init__(ranked)
        self.query = query
        self.warnings = tuple(warnings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "query": self.query.to_dict(),
            "warnings": list(self.warnings),
            "ranked": [document.to_dict() for document in self],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def to_pandas(self) -> pd.DataFrame:
        """One row per place, best first; the probabilities of yes stand in columns named by the requirements.

        Raises:
            MissingExtra: pandas is not installed.
        """
        from yofo_rerank.report.frame import to_frame

        return to_frame(self)

    def _repr_html_(self) -> str:
        """A small table for notebooks, self-contained; every text in it is escaped."""
        from yofo_rerank.report.notebook import render_table

        return render_table(self)
