"""A body of bytes as a checked one: what is too much is refused before anything is built of it, or complained of."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from yofo_rerank.content import MAX_IMAGES
from yofo_rerank.serving import errors
from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.keys_once import repeated_key
from yofo_rerank.serving.settings import Limits

Body = TypeVar("Body", bound=BaseModel)

MAX_PIECES = 200_000  # a document takes 2 to 20: a thousand of them are far below it
_PIECE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,\[{]', re.DOTALL)  # a string, or what begins a value


def parse(model: type[Body], data: bytes | bytearray, limits: Limits) -> Body:
    """The body; takes time for a large one, so call it in a thread.

    Raises:
        ApiError: 422 for too many of something, or what has not the shape of `model`; 400 for a key twice in an object.
    """
    if _has_many_pieces(data):
        raise ApiError(422, "too_many_values", f"the body has more than {MAX_PIECES:,} values and keys")
    try:
        given = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(422, "bad_request", f"Invalid JSON: {error}"[:500]) from error
    _check_counts(given, limits)
    twice = repeated_key(data)
    if twice is not None:
        raise ApiError(400, "repeated_key", f"the key {twice[:80]!r} stands twice in one object")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise errors.from_validation(error.errors(include_url=False, include_input=False)) from error


def _has_many_pieces(data: bytes | bytearray) -> bool:
    """Whether what Python would make of it takes many times the bytes; commas inside strings do not count."""
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) <= MAX_PIECES:
        return False
    return any(place >= MAX_PIECES for place, _ in enumerate(_PIECE.finditer(data)))


def _check_counts(given: Any, limits: Limits) -> None:
    """Refuse by number what would be looked at one by one.

    Raises:
        ApiError: 422, its code says what there is too much of.
    """
    if not isinstance(given, dict):
        return
    for name, what, most in (
        ("documents", "documents", limits.max_documents),
        ("requirements", "requirements", limits.max_requirements),
        ("questions", "questions", limits.max_requirements),
        ("images", "images", MAX_IMAGES),
        ("assets", "images", MAX_IMAGES),
    ):
        many = given.get(name)
        if isinstance(many, list | dict) and len(many) > most:
            raise ApiError(422, f"too_many_{what}", f"got {len(many)} {name}, wanted at most {most}")
