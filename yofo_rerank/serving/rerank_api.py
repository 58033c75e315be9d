"""`POST /v2/rerank` and `/v1/rerank`: what Cohere's, Jina's and vLLM's clients send, and get.

Both take `requirements` (instead of finding them in the query), `scoring` (a rule, by name or as data) and `explain`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from yofo_rerank.requirements import MAX_QUERY_CHARS, Explanation, Requirement
from yofo_rerank.reranker import Explained
from yofo_rerank.serving.documents import GivenDocument, Quick, Strict, TextPart, few_keys, returned
from yofo_rerank.serving.errors import from_code

DOCUMENTS_OF_A_UNIT = 100  # Cohere's search unit: one query with up to so many documents
WITHOUT_EFFECT = (
    "max_tokens_per_doc",
    "max_chunks_per_doc",
    "truncate_prompt_tokens",
    "rank_fields",
    "priority",
    "truncation",
    "user",
)


class QueryText(Strict):
    """Jina's and vLLM's longer forms of a query: a text alone."""

    text: str | None = None
    content: Quick[TextPart] | None = None


class _Request(Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "mini",
                "query": "a long dress, not pink",
                "documents": ["a long green dress", "a pink skirt"],
                "top_n": 2,
                "explain": True,
            }
        },
    )

    model: str = Field(max_length=300)
    query: str | QueryText
    documents: Quick[GivenDocument] = Field(min_length=1)
    top_n: int | None = Field(default=None, gt=0)
    requirements: Quick[str | Annotated[Requirement, BeforeValidator(few_keys)]] | None = Field(
        default=None, min_length=1
    )
    scoring: str | dict[str, Any] | None = None
    explain: bool = False

    @property
    def words(self) -> str:
        """The query as one text, as far as anything reads it."""
        if isinstance(self.query, str):
            return self.query
        return self.query.text or "\n".join(part.text for part in self.query.content or ())


class RerankV2(_Request):
    """Cohere's second version; what cuts texts or orders the queue there has no effect here, and the answer says so."""

    max_tokens_per_doc: int | None = None
    priority: int | None = None


class RerankV1(_Request):
    """Cohere's first version, Jina's and vLLM's."""

    return_documents: bool = False
    max_chunks_per_doc: int | None = None
    rank_fields: Quick[str] | None = None
    truncation: bool | None = None
    truncate_prompt_tokens: int | None = None
    user: str | None = None


def too_long(query: str) -> bool:
    """Whether nothing would read all of it."""
    return len(query) > MAX_QUERY_CHARS


def answer_v2(request: RerankV2, found: Explained, request_id: str) -> dict[str, Any]:
    """Cohere's shape, and with `explain` the reasons."""
    return {"id": request_id, "results": _results(request, found), "meta": _meta(request, found, "2")}


def answer_v1(request: RerankV1, found: Explained, request_id: str) -> dict[str, Any]:
    """What Cohere's first, Jina's and vLLM's have in common."""
    results = _results(request, found)
    if request.return_documents:
        for result in results:
            result["document"] = returned(request.documents[result["index"]])
    return {
        "id": request_id,
        "model": request.model,
        "results": results,
        "usage": {"prompt_tokens": found.n_tokens, "total_tokens": found.n_tokens},
        "meta": _meta(request, found, "1"),
    }


def check_judged(found: Explained) -> None:
    """Refuse to call it an answer where nothing could be judged: an empty list would say that nothing was given.

    Raises:
        ApiError: of the document that may be judged the next time, or for which nobody but the service can do anything.
    """
    failures = {place.index: place.failure for place in found.places if place.failure is not None}
    if not failures or len(failures) < len(found.places):
        return
    told = f"no document of {len(failures)} could be judged; documents"
    errors = [from_code(failures[at].code, f"{told}[{at}]: {failures[at].message}") for at in sorted(failures)]
    raise min(errors, key=lambda error: (error.status != 503, error.status < 500))  # the first of its kind


def _results(request: _Request, found: Explained) -> list[dict[str, Any]]:
    judged = [place for place in found.places if place.failure is None][: request.top_n]
    return [_result(place, explain=request.explain) for place in judged]


def _result(place: Explanation, *, explain: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"index": place.index, "relevance_score": place.score}
    return result | ({"judgements": [one.to_dict() for one in place.judgements]} if explain else {})


def _meta(request: _Request, found: Explained, version: str) -> dict[str, Any]:
    """A document that could not be judged has no place and no score: it stands here, with its reason.

    Tokens are null where the judge does not say how many.
    """
    idle = [name for name in WITHOUT_EFFECT if getattr(request, name, None) is not None]
    warnings = [f"{name} has no effect: no text is cut, and the queue has one order" for name in idle]
    failures = [
        {"index": place.index, "code": place.failure.code, "message": place.failure.message}
        for place in found.places
        if place.failure is not None
    ]
    meta: dict[str, Any] = {
        "api_version": {"version": version},
        "billed_units": {"search_units": math.ceil(len(request.documents) / DOCUMENTS_OF_A_UNIT)},
        "tokens": {"input_tokens": found.n_tokens, "output_tokens": 0},
        "warnings": [*warnings, *found.query.warnings, *found.warnings],
        "failures": sorted(failures, key=lambda one: one["index"]),
    }
    return meta | ({"query": found.query.to_dict()} if request.explain else {})
