"""Expressions: hand-computed values, Python itself as the oracle, and everything that must be refused."""

import time
import warnings

import pytest

from yofo_rerank.errors import RuleError
from yofo_rerank.requirements import Judgement, Requirement
from yofo_rerank.scoring import ExpressionRule, get_rule, requirement_names
from yofo_rerank.scoring.expression_tree import MAX_CHARS, parse_expression


def score(expression, judgements, soft=True):
    return ExpressionRule(expression=expression, soft=soft).score(judgements)


@pytest.mark.parametrize(
    ("expression", "p_yes", "value"),
    [
        ("r1", (0.3,), 0.3),
        (" not r1 ", (0.3,), 0.7),
        ("r1 and not r2", (0.8, 0.25), 0.6),
        ("r1 or r2", (0.5, 0.5), 0.75),
        ("2*r1 + r3", (0.9, 0.1, 0.3), (1.8 + 0.3) / 3),
        ("(r1 + r2) / 2", (0.2, 0.4), 0.3),
        ("r1 - r2", (0.5, 0.5), 0.5),  # from -1..1
        ("r1 - 0.5*r2", (1.0, 0.0), 1.0),
        ("-r1", (0.25,), 0.75),
        ("r1 + 5", (0.25,), 0.25),
        ("r1 + r2 - r1*r2", (0.5, 0.5), 0.75),  # "or", from 0..1 and not from -1..2
        ("r1 + r2 - r1*r2", (1.0, 1.0), 1.0),
        ("2*r1 + r1", (0.5,), 0.5),
        ("r1 + (r1 and r2)", (1.0, 0.5), 0.75),  # 0, 1 or 2
        ("r1 - (r1 and r2) + r3", (0.5, 0.5, 1.0), (0.5 - 0.25 + 1.0) / 2),  # 0, 1 or 2
        ("r1*r2 + (1 - r1)*(1 - r2)", (1.0, 0.0), 0.0),  # alike: 0 or 1
        ("r1*r2 + (1 - r1)*(1 - r2)", (1.0, 0.75), 0.75),
        ("r1 * r2", (0.5, 0.5), 0.25),
        ("r1 * (1 - r2)", (0.5, 0.2), 0.4),
        ("min(r1, r2)", (0.5, 0.5), 0.25),  # both must be yes
        ("max(r1, r2, r3)", (0.5, 0.5, 0.5), 0.875),
        ("r1 + r2 + r3 >= 2", (0.9, 0.9, 0.1), 0.9 * 0.9 + 2 * 0.9 * 0.1 * 0.1),
        ("r1 == r2", (0.5, 0.9), 0.5),
        ("r1 != r2", (1.0, 0.25), 0.75),
        ("r1 > 0.8", (0.3,), 0.3),
        ("r1 and r1", (0.3,), 0.3),  # one requirement has one answer
        ("(r1 and r2) or (r1 and r3)", (0.5, 0.5, 0.5), 0.375),
        ("r1 or True and r2", (0.5, 0.5), 0.75),
        ("r1 and (1 + r2)", (0.5, 1.0), 0.5),  # 0, 1 or 2
    ],
)
def test_hand_computed(expression, p_yes, value, judged):
    assert score(expression, judged(*p_yes)) == pytest.approx(value)


def test_verdicts_instead_of_probabilities(judged):
    judgements = judged(0.6, 0.4, 0.9)
    assert score("2*r1 + r2", judgements, soft=False) == pytest.approx(2 / 3)
    assert score("r1 and not r2", judgements, soft=False) == 1.0
    assert score("r1 + r2 + r3 >= 3", judgements, soft=False) == 0.0


def test_the_verdict_is_read_and_not_recomputed():
    judgement = Judgement(requirement=Requirement(text="blue"), p_yes=0.4, verdict=True)  # a judge's own threshold
    assert score("r1", [judgement], soft=False) == 1.0


def test_the_limit_on_work_holds_for_the_whole_sum():
    part = " + ".join(f"{2**i}*r{i}" for i in range(7))  # 128 different values
    product = f"({part}) * ({part.replace('r', 'q')})"
    parse_expression(product)
    with pytest.raises(RuleError, match="too many different values"):
        parse_expression(" + ".join(product.replace("r", f"a{i}r").replace("q", f"a{i}q") for i in range(8)))


def test_figure_5_of_the_paper(judged):
    """A dress, sleeveless, asymmetric, not striped, preferably ruched: the first image has it all but is not ruched."""
    expression = "r1 and r2 and r3 and not r4 and (1 + 0.5*r5)"
    right = score(expression, judged(0.99, 0.95, 0.9, 0.05, 0.8))
    striped = score(expression, judged(0.99, 0.95, 0.9, 0.95, 0.1))
    assert right > 0.6 > 0.1 > striped


def test_own_names(judged):
    judgements = [
        Judgement(requirement=Requirement(text="blue", name="blue"), p_yes=0.5, verdict=True),
        Judgement(requirement=Requirement(text="hooded"), p_yes=0.25, verdict=False),
    ]
    assert requirement_names([judgement.requirement for judgement in judgements]) == ["blue", "r2"]
    assert score("blue and r2", judgements) == 0.125


def test_unknown_names_are_refused_before_judging():
    rule = get_rule({"kind": "expression", "expression": "r1 and r3 and colour"})
    with pytest.raises(RuleError, match=r"names colour, r3, but the requirements are r1, r2"):
        rule.check([Requirement(text="a"), Requirement(text="b")])
    rule.check([Requirement(text="a"), Requirement(text="b", name="colour"), Requirement(text="c")])


def test_unknown_names_are_refused_when_scoring(judged):
    with pytest.raises(RuleError, match="names r2"):
        score("r2", judged(0.5))


def test_ambiguous_names_are_refused():
    rule = ExpressionRule(expression="r2")
    with pytest.raises(RuleError, match="r2 occurs more than once"):
        rule.check([Requirement(text="a", name="r2"), Requirement(text="b")])


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "1 to 2000 characters, but got 0"),
        ("   ", "1 to 2000 characters"),
        ("r1 + " * MAX_CHARS + "r1", "1 to 2000 characters"),
        ("r1 and", "is not an expression"),
        ("r1 r2", "is not an expression"),
        ("(" * 300 + "r1" + ")" * 300, "is not an expression"),
        ("not " * 400 + "r1", "too large|is not an expression"),
        ("-" * 1900 + "r1", "too large|is not an expression"),
        ("+".join(["r1"] * 300), "too large"),
        ("2**r1", "Pow"),
        ("r1 % 2", "character '%'"),
        ("r1 // 2", "FloorDiv"),
        ("r1 if r2 else r3", "IfExp"),
        ("r1 in r2", "In"),
        ("r1 is r2", "Is"),
        ("+r1", "UAdd"),
        ("r1.real", "Attribute"),
        ("(r1, r2)", "Tuple"),
        ("(yield r1)", "Yield"),
        ("min(*r1)", "call that is not"),
        ("min(*r1, *r2)", "Starred"),
        ("min(r1)", "call that is not"),
        ("min(r1, r2, key=r3)", "call that is not"),
        ("abs(r1)", "call that is not"),
        ("eval(r1, r2)", "call that is not"),
        ("min(r1, r2)(r1, r2)", "call that is not"),
        ("__import__('os')", "character"),
        ("().__class__", "Attribute"),
        ("[r1]", "character"),
        ("r1; r2", "character"),
        ("r1\nr2", "character"),
        ("r1 := 1", "character"),
        ("lambda: r1", "character"),
        ("f'{r1}'", "character"),
        ("r1 # note", "character"),
        ("r1 & r2", "character '&'"),
        ("r\u00b9", r"character '\\xb9'"),
        ("\uff521", "character"),
        ("r1\x00", "character"),
        ("2r1", "2\\*r1, not 2r1"),
        ("1or r1", "numbers are written"),
        ("r1 or0.5or r2", "numbers are written"),
        ("1e400 * r1", "numbers are written"),
        ("0x10 * r1", "numbers are written"),
        ("1j * r1", "numbers are written"),
        ("1000001 * r1", "within"),
        ("9" * 1900 + " * r1", "within"),
        ("r1 / 0", "divides by something other"),
        ("1 / r1", "divides by something other"),
        ("r1 / (r2 + 1)", "divides by something other"),
        ("r1 < r2 < r3", "chains comparisons"),
        ("*".join(["1000000"] * 60) + " * r1", "overflow"),
        ("r2 * (" + "*".join(["1000000"] * 60) + " * r1)", "overflow"),
        ("r1 / 0." + "0" * 320 + "1", "overflow|divides"),
        ("1", "always has the value 1"),
        ("True", "always has the value 1"),
        ("0 * r1", "always has the value 0"),
        ("r1 and not r1", "always has the value 0"),
        ("r1 or True", "always has the value 1"),
        ("r1 > 2", "always has the value 0"),
        (" + ".join(f"{0.01 * 1.7**i:.4f} * r{i}" for i in range(30)) + " > 1", "too many different values"),
        (" and ".join(f"(r{i} or r{i + 1})" for i in range(30)), "29 occur more than once, at most 12 may"),
        ("r1 + (not r1)", "always has the value 1"),
        ("r1 - r1", "always has the value 0"),
        (" + ".join(f"(r{i} and r{i + 1})" for i in range(30)), "29 occur more than once"),
    ],
)
def test_refused(expression, message):
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuleError, match=message):
            ExpressionRule(expression=expression)
    assert time.perf_counter() - start < 1


def test_the_weighted_sum_of_80_requirements(judged):
    expression = " + ".join(f"0.{i:02}*r{i}" for i in range(1, 81))
    start = time.perf_counter()
    value = score(expression, judged(*[0.5] * 80))
    assert value == pytest.approx(0.5)
    assert score(" and ".join(f"r{i}" for i in range(1, 81)), judged(*[0.99] * 80)) == pytest.approx(0.99**80)
    counted = " + ".join(f"r{i}" for i in range(1, 81)) + " >= 40"
    assert score(counted, judged(*[0.9] * 80)) > 0.99
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("expression", ["r1 / " + "9" * 400, "r1 * " + "9" * 400, "-" + "9" * 400])
def test_numbers_beyond_every_float_are_refused(expression):
    with pytest.raises(RuleError):
        get_rule({"kind": "expression", "expression": expression})
