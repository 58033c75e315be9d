"""Expressions of any kind: Python itself as the oracle, and any string scores or is refused."""

import itertools
import math
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.errors import RuleError
from yofo_rerank.scoring import ExpressionRule
from yofo_rerank.scoring.expression_tree import parse_expression


def score(expression, judgements, soft=True):
    return ExpressionRule(expression=expression, soft=soft).score(judgements)


leaf = st.sampled_from(["r1", "r2", "r3", "r4", "1", "2", "0.5", "True", "False"])


def _grow(inner):
    binary = st.sampled_from(["and", "or", "+", "-", "*", "<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        st.builds("({} {} {})".format, inner, binary, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} / 4)".format, inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
    )


@settings(max_examples=300, deadline=None)
@given(expression=st.recursive(leaf, _grow, max_leaves=8), p_yes=st.tuples(*[st.floats(0, 1)] * 4))
def test_python_agrees(expression, p_yes, judged):
    """The score is Python's own value of the expression, averaged over all 16 answers, scaled to its range."""
    try:
        parsed = parse_expression(expression)
    except RuleError as error:
        assert "always has the value" in str(error)  # everything else that is generated is allowed
        return
    mean, values = 0.0, []
    for verdicts in itertools.product((1, 0), repeat=4):
        share = math.prod(p if yes else 1 - p for p, yes in zip(p_yes, verdicts, strict=True))
        value = float(
            eval(expression, {"min": min, "max": max}, dict(zip(("r1", "r2", "r3", "r4"), verdicts, strict=True)))
        )
        values.append(value)
        mean += share * value
    assert (parsed.low, parsed.high) == pytest.approx((min(values), max(values)), abs=1e-9)
    expected = (mean - parsed.low) / (parsed.high - parsed.low)
    assert score(expression, judged(*p_yes)) == pytest.approx(expected, abs=1e-9)


tokens = [
    "r1",
    "r2",
    "r3",
    "and",
    "or",
    "not",
    "+",
    "-",
    "*",
    "/",
    "<",
    ">=",
    "==",
    "(",
    ")",
    ",",
    "min",
    "max",
    "1",
    "0.5",
]
tokens += [
    "999999",
    "0",
    ".",
    "**",
    "if",
    "else",
    "__class__",
    "[",
    "lambda",
    "1e9",
    "\u00b2",
    "\x00",
    "None",
    "...",
    "=",
]


@settings(max_examples=500, deadline=None)
@given(
    text=st.one_of(
        st.text(), st.lists(st.sampled_from(tokens)).map(" ".join), st.lists(st.sampled_from(tokens)).map("".join)
    )
)
def test_any_string_scores_or_is_refused_quickly(text, judged):
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:  # Python's parser warns about numbers that touch words
        warnings.simplefilter("always")
        try:
            value = score(text, judged(0.3, 0.8, 0.5))
        except RuleError:
            value = 0.0
    assert not caught
    assert math.isfinite(value)
    assert 0 <= value <= 1
    assert time.perf_counter() - start < 1


@given(p_yes=st.tuples(*[st.floats(0, 1)] * 3), higher=st.floats(0, 1))
@pytest.mark.parametrize(
    "expression", ["r1 and (r2 or r3)", "2*r1 + r2*r3", "r1 + r2 + r3 >= 2", "max(r1, min(r2, r3))"]
)
def test_monotone_where_the_expression_is(expression, p_yes, higher, judged):
    better = (max(p_yes[0], higher), *p_yes[1:])
    assert score(expression, judged(*better)) >= score(expression, judged(*p_yes)) - 1e-12
