"""What comes along with a document: plain JSON types, copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yofo_rerank.errors import DocumentError

MAX_DEPTH = 32
MAX_INTEGER_BITS = 4096  # 1,234 digits; Python reads and writes none of more than 4,300


def json_copy(value: Any, where: str, depth: int = 0) -> Any:
    """A deep copy in JSON types (a tuple becomes a list).

    >>> json_copy({"sizes": ("S", "M")}, "metadata")
    {'sizes': ['S', 'M']}

    Raises:
        DocumentError: something else, or nested too deeply; says where.
    """
    if depth > MAX_DEPTH:
        raise DocumentError(f"metadata is nested deeper than {MAX_DEPTH} levels, or holds itself")
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise DocumentError(
            f"{where} is an integer of {value.bit_length():,} bits, wanted at most {MAX_INTEGER_BITS:,}"
        )
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [json_copy(item, f"{where}[{position}]", depth + 1) for position, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise DocumentError(f"{where} must have str keys, but got one of type {type(key).__name__}")
        return {key: json_copy(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
    raise DocumentError(f"{where} must be JSON-able (str, number, bool, None, list, dict), got {type(value).__name__}")
