"""`POST /v1/systemone`: one state, many yes/no questions; a question is a requirement, and its `noul` our `p_yes`.

The images of a state may come as transformers' `assets` or as vLLM's and SGLang's `images`. Questions of other types
(`choice`, `score`) cannot be answered by this model, and are refused by name.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.requirements import JudgedDocument
from yofo_rerank.serving.documents import Fetching, ImageUrl, Quick, Strict, few_keys, with_images
from yofo_rerank.serving.errors import from_code


class Noul(Strict):
    """A yes/no question; `criteria` would change its words, and are refused where they say something."""

    type: Literal["noul"]
    instructions: str = Field(min_length=1)
    criteria: Annotated[dict[Literal["true", "false"], None], BeforeValidator(few_keys)] | None = None


class Asset(Strict):
    """An image under the name by which the state holds it; what it is, its bytes say."""

    type: Literal["image"] = "image"
    format: str | None = Field(default=None, max_length=64)
    data_base64: str


class SystemOne(Strict):
    """The body."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "mini",
                "state": "a long green dress",
                "questions": {"pink": {"type": "noul", "instructions": "it is pink"}},
            }
        },
    )

    model: str = Field(max_length=300)
    state: str | dict[str, Any] | list[Any]
    questions: dict[str, Noul] = Field(min_length=1)
    assets: dict[str, Asset] = Field(default_factory=dict)
    images: Quick[str | ImageUrl] = Field(default_factory=list)


def to_document(request: SystemOne, fetching: Fetching) -> Document:
    """The state as a document: a text, or {"image": ..., "text": ...}; anything else is read as its JSON.

    Raises:
        DocumentError: too many images, or one that stands nowhere in the state. ImageError: one that is none.
    """
    text = masked = _text(request.state)
    places: dict[int, str] = {}
    for name in sorted(request.assets, key=len, reverse=True):  # a name may begin another one
        at = masked.find(name) if name else -1
        if at < 0:
            raise DocumentError(f"the asset {name[:80]!r} stands nowhere in the state", code="unused_asset")
        places[at] = request.assets[name].data_base64
        masked = masked.replace(name, "\0" * len(name))  # so that the places of the others stay
        text = text.replace(name, "")
    shown = [places[at] for at in sorted(places)]
    return with_images([*_images_of(request), *shown], text, "0", fetching)


def all_images(request: SystemOne) -> list[str]:
    """Base64 or an address, each."""
    return [*_images_of(request), *(asset.data_base64 for asset in request.assets.values())]


def _images_of(request: SystemOne) -> list[str]:
    return [image if isinstance(image, str) else image.url for image in request.images]


def _text(state: str | dict[str, Any] | list[Any]) -> str:
    """As `yofo_rerank.prompts.decision` lays it out for transformers."""
    if isinstance(state, str):
        return state
    if isinstance(state, dict) and state.keys() <= {"image", "text"}:
        parts = [state.get("image") or "", state.get("text") or ""]
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
    return json.dumps(state, ensure_ascii=False)


def answer(request: SystemOne, outcome: JudgedDocument) -> dict[str, Any]:
    """Jev's shape, and `label_mass` where the judge has one; tokens are null where it does not say how many.

    Raises:
        ApiError: the state could not be judged.
    """
    if outcome.failure is not None:
        raise from_code(outcome.failure.code, outcome.failure.message)
    answers = {}
    for name, judgement in zip(request.questions, outcome.judgements, strict=True):
        mass = {} if judgement.label_mass is None else {"label_mass": judgement.label_mass}
        answers[name] = {"type": "noul", "noul": judgement.p_yes} | mass
    usage = {"input_tokens": outcome.n_tokens, "output_tokens": 0}
    return {"model": request.model, "answers": answers, "usage": usage}
