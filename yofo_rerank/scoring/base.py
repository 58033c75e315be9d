"""What every scoring rule is: frozen plain data with a `kind`, and a function of one document's judgements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from yofo_rerank.errors import RuleError
from yofo_rerank.requirements import Judgement, Requirement

_MAX_SHOWN = 80  # characters of a rejected value in a message


class ScoringRule(BaseModel):
    """Judgements of one document -> score in 0..1; the base of all rules.

    A rule sees one document at a time, so scores do not depend on the other documents or on their order. To add a
    rule, subclass this with a `kind` and `_score`, and put the class into `yofo_rerank.scoring.RULES`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: str

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise RuleError(f"the {type(self).model_fields['kind'].default} rule: {_explained(error)}") from error

    def check(self, requirements: Sequence[Requirement]) -> None:
        """Refuse requirements that the rule cannot score, before any model runs.

        Raises:
            RuleError: there are none, or the rule names one that is not among them.
        """
        if not requirements:
            raise RuleError(f"the {self.kind} rule needs at least one requirement, but got none")

    def score(self, judgements: Sequence[Judgement]) -> float:
        """The score of a document, in 0..1.

        Raises:
            RuleError: as `check`.
        """
        self.check([judgement.requirement for judgement in judgements])
        return min(1.0, max(0.0, self._score(judgements)))  # rounding may pass the ends by an ulp

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `get_rule` reads them back."""
        return self.model_dump(mode="json")

    @abstractmethod
    def _score(self, judgements: Sequence[Judgement]) -> float:
        """The rule itself, for at least one judgement."""


def requirement_names(requirements: Sequence[Requirement]) -> list[str]:
    """What an expression calls each requirement: its own name, else r1, r2, ... by position.

    >>> requirement_names([Requirement(text="blue"), Requirement(text="hooded", name="hood")])
    ['r1', 'hood']
    """
    return [requirement.name or f"r{position}" for position, requirement in enumerate(requirements, start=1)]


def _explained(error: ValidationError) -> str:
    problems = []
    for problem in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in problem["loc"]) or "rule"
        got = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r:.{_MAX_SHOWN}}"
        problems.append(f"{place}: {problem['msg'].removeprefix('Value error, ')}{got}")
    return "; ".join(problems)
