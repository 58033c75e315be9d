"""`fixed`: the same requirements for every query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import MAX_QUERY_CHARS, DecomposedQuery, Requirement


class FixedDecomposer:
    """Requirements that the caller chose; the query is carried along, and may even be blank.

    >>> FixedDecomposer(["blue", {"text": "hooded", "necessity": "should"}]).decompose("any").requirements[1].necessity
    'should'

    Raises:
        DecomposeError: no requirement, or one that is neither a text, a Requirement nor its data.
    """

    name = "fixed"

    def __init__(self, requirements: Sequence[str | Requirement | dict[str, Any]]) -> None:
        if isinstance(requirements, str | bytes) or not isinstance(requirements, Sequence) or not requirements:
            raise DecomposeError(f"fixed wants a non-empty list of requirements, but got {requirements!r:.80}")
        self.requirements = tuple(_requirement(item, position) for position, item in enumerate(requirements, start=1))

    def decompose(self, query: str) -> DecomposedQuery:
        """The fixed requirements, whatever the query."""
        if not isinstance(query, str):
            raise DecomposeError(f"a query must be a string, but got {type(query).__name__}")
        shown = query[:MAX_QUERY_CHARS].encode(errors="replace").decode()  # nothing is read from it
        return DecomposedQuery(query=shown, requirements=self.requirements, decomposer=self.name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for `get_decomposer`."""
        return {"kind": self.name, "requirements": [requirement.to_dict() for requirement in self.requirements]}

    def __repr__(self) -> str:
        return f"FixedDecomposer({[requirement.text for requirement in self.requirements]!r})"


def _requirement(item: object, position: int) -> Requirement:
    try:
        if isinstance(item, Requirement):
            return item
        return Requirement(text=item) if isinstance(item, str) else Requirement.model_validate(item)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise DecomposeError(f"requirement {position} is not usable: {reason}; got {item!r:.80}") from error
