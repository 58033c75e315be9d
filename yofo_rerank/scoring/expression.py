"""Expression: the paper's E, a Python expression over the requirements (paper §4.1, Figure 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import field_validator

from yofo_rerank.errors import RuleError
from yofo_rerank.requirements import Judgement, Requirement
from yofo_rerank.scoring.base import ScoringRule, requirement_names
from yofo_rerank.scoring.expression_tree import expected_value, parse_expression


class ExpressionRule(ScoringRule):
    """A formula such as `r1 and not r2` or `2*r1 + r3`; parsed, never evaluated as Python.

    A name stands for 1 (yes) or 0 (no): `r1`, `r2`, ... by position, or the requirement's own name. The operators
    `and or not + - * / < <= > >= == !=` and `min`, `max` mean what they mean in Python (a divisor must be a number).
    With `soft` (the default) each name is yes with its p_yes, independently of the others, and the value is what the
    formula gives on average: `r1 and not r2` is p1 * (1 - p2), `r1 + r2 + r3 >= 2` the probability of two yes or more.
    Without `soft` the verdicts are used, as in the paper. The value is then scaled from the smallest and the largest
    one that the formula can take, over all answers, to 0..1: `2*r1 + r3` is divided by 3. At most 12 names that hang
    together may occur more than once.

    The score is monotone in a requirement only where the formula is.

    >>> rule = ExpressionRule(expression="sleeveless and not striped")
    >>> rule.check([Requirement(text="sleeveless", name="sleeveless"), Requirement(text="striped", name="striped")])
    """

    kind: Literal["expression"] = "expression"
    expression: str
    soft: bool = True

    @field_validator("expression")
    @classmethod
    def _expression_can_be_scored(cls, expression: str) -> str:
        parse_expression(expression)
        return expression.strip()

    def check(self, requirements: Sequence[Requirement]) -> None:
        """Refuse requirements among which a name of the expression is missing or ambiguous.

        Raises:
            RuleError: naming the unknown names and the known ones.
        """
        super().check(requirements)
        known = requirement_names(requirements)
        unknown = sorted(parse_expression(self.expression).names - set(known))
        if unknown:
            raise RuleError(f"the expression names {', '.join(unknown)}, but the requirements are {', '.join(known)}")
        twice = sorted({name for name in known if known.count(name) > 1})
        if twice:
            raise RuleError(f"the names of requirements must differ, but {', '.join(twice)} occurs more than once")

    def _score(self, judgements: Sequence[Judgement]) -> float:
        expression = parse_expression(self.expression)
        values = [judgement.p_yes if self.soft else float(judgement.verdict) for judgement in judgements]
        p_yes = dict(zip(requirement_names([judgement.requirement for judgement in judgements]), values, strict=True))
        value = expected_value(expression, p_yes)
        return (value - expression.low) / (expression.high - expression.low)
