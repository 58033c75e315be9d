"""What `/openapi.json` says of a route: its body, with every part where its name leads, and its errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

_REFERENCE = "#/components/schemas/{model}"

ERRORS = {
    400: "Two lengths of one body, or a key twice in one object.",
    401: "No known key.",
    404: "No such model.",
    405: "Another method than POST.",
    408: "The body came too slowly.",
    413: "Too many bytes.",
    415: "The body is not announced as JSON.",
    422: "The request cannot be answered; the message names the field.",
    429: "Too much at once, or too often; Retry-After says when to come again.",
    500: "The service or its model is broken.",
    502: "The server behind the service refused, or talked nonsense.",
    503: "It may pass: shutting down, no memory, or no model behind it; Retry-After says when to come again.",
    504: "Not judged within the deadline.",
}


class Problem(BaseModel):
    """Every answer but 200."""

    id: str
    code: str
    message: str
    detail: str


def responses() -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for FastAPI."""
    return {status: {"model": Problem, "description": words} for status, words in ERRORS.items()}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The body of a route, for FastAPI; its parts are looked for among the components."""
    schema = model.model_json_schema(ref_template=_REFERENCE)
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_parts(app: FastAPI, *models: type[BaseModel]) -> None:
    """Put the parts of bodies among the components of the application's description."""
    parts: dict[str, Any] = {}
    for model in models:
        parts |= model.model_json_schema(ref_template=_REFERENCE).get("$defs", {})
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        described = plain()
        described.setdefault("components", {}).setdefault("schemas", {}).update(parts)
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
