"""What holds of every rule, and the hand-computed values of the short ones."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.errors import RuleError
from yofo_rerank.requirements import Requirement
from yofo_rerank.scoring import (
    EXAMPLES,
    RULES,
    AllRule,
    ExpressionRule,
    MeanRule,
    MinRule,
    ScoringRule,
    ThresholdCountRule,
    WeightedRule,
    get_rule,
)

EVERY_RULE = [
    MeanRule(),
    MinRule(),
    ThresholdCountRule(threshold=0.7),
    AllRule(),
    AllRule(method="log_odds"),
    WeightedRule(),
    WeightedRule(should_share=0.5),
    ExpressionRule(expression="r1"),
]
MANY = EVERY_RULE[:-1]  # not tied to the number of requirements or to their order

probability = st.floats(0, 1)
answer = st.tuples(probability, st.sampled_from(["must", "should"]), st.floats(1e-300, 1e300))
answers = st.lists(answer, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("rule", "p_yes", "score"),
    [
        (MeanRule(), (0.5, 1.0, 0.0), 0.5),
        (MeanRule(), (0.2, 0.4), 0.3),
        (MinRule(), (0.5, 0.25, 0.75), 0.25),
        (ThresholdCountRule(), (0.5, 0.51, 0.9, 0.1), 0.5),  # at 0.5 the verdict is no
        (ThresholdCountRule(threshold=0.95), (0.96, 0.95, 0.9), 1 / 3),
        (ThresholdCountRule(threshold=0), (0.0, 1e-9), 0.5),
        (AllRule(), (0.5, 0.5, 0.2), 0.05),
        (AllRule(), (1.0, 1.0), 1.0),
        (AllRule(), (1.0, 0.0), 0.0),
        (AllRule(), (0.5,) * 80, 0.5**80),
        (AllRule(method="log_odds"), (0.9, 0.1), 0.5),
        (AllRule(method="log_odds"), (0.8, 0.8), 0.8),
        (AllRule(method="log_odds"), (0.8, 0.5), 2 / 3),  # odds 4 and 1: geometric mean 2
        (AllRule(method="log_odds"), (1.0, 0.0), 0.5),
    ],
)
def test_hand_computed(rule, p_yes, score, judged):
    assert rule.score(judged(*p_yes)) == pytest.approx(score, rel=1e-9)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=repr)
def test_all_yes_is_one_and_all_no_is_about_zero(rule, judged):
    assert rule.score(judged(1.0, 1.0, (1.0, "should", 3.0))) == pytest.approx(1)
    assert rule.score(judged(0.0, 0.0, (0.0, "should", 3.0))) <= 0.01


@pytest.mark.parametrize("rule", EVERY_RULE, ids=repr)
def test_no_judgements_are_refused(rule):
    with pytest.raises(RuleError, match="at least one requirement"):
        rule.score([])
    with pytest.raises(RuleError, match="at least one requirement"):
        rule.check([])


@pytest.mark.parametrize("rule", EVERY_RULE, ids=repr)
@given(given_answers=answers)
def test_scores_are_finite_and_within_0_and_1(rule, given_answers, judged):
    score = rule.score(judged(*given_answers))
    assert isinstance(score, float)
    assert 0 <= score <= 1


@pytest.mark.parametrize("rule", EVERY_RULE, ids=repr)
@given(data=st.data(), given_answers=answers, higher=probability)
def test_a_better_answer_never_lowers_the_score(rule, data, given_answers, higher, judged):
    position = data.draw(st.integers(0, len(given_answers) - 1))
    p_yes, necessity, weight = given_answers[position]
    better = [*given_answers]
    better[position] = (max(p_yes, higher), necessity, weight)
    assert rule.score(judged(*better)) >= rule.score(judged(*given_answers)) - 1e-12


@pytest.mark.parametrize("rule", MANY, ids=repr)
@given(given_answers=answers, random=st.randoms(use_true_random=False))
def test_the_order_of_requirements_does_not_matter(rule, given_answers, random, judged):
    shuffled = random.sample(given_answers, len(given_answers))
    assert math.isclose(rule.score(judged(*shuffled)), rule.score(judged(*given_answers)), rel_tol=1e-9, abs_tol=1e-15)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=repr)
def test_round_trips(rule):
    assert get_rule(rule) is rule
    assert get_rule(rule.model_dump()) == rule
    assert get_rule(rule.to_dict()) == rule
    assert get_rule(json.loads(json.dumps(rule.to_dict()))) == rule
    assert get_rule(yaml.safe_load(yaml.safe_dump(rule.to_dict()))) == rule
    assert type(rule).model_validate_json(rule.model_dump_json()) == rule


def test_every_kind_is_registered_under_its_name():
    assert list(RULES) == ["weighted", "mean", "all", "min", "threshold_count", "expression"]
    for kind, rule_class in RULES.items():
        assert rule_class.model_fields["kind"].default == kind
    assert {get_rule(kind).kind for kind in RULES if kind != "expression"} == set(RULES) - {"expression"}


def test_rules_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        get_rule("weighted").should_share = 0.3


@pytest.mark.parametrize("spec", ["wieghted", "", "Mean", {"kind": "median"}, {"kind": ["mean"]}, {"kind": None}, {}])
def test_an_unknown_kind_names_the_known_ones(spec):
    with pytest.raises(RuleError, match="known kinds are weighted, mean, all, min, threshold_count, expression"):
        get_rule(spec)


def test_every_rule_has_an_example_and_errors_show_it() -> None:
    assert list(EXAMPLES) == list(RULES)
    for kind, example in EXAMPLES.items():
        assert get_rule(example).kind == kind
        assert example.items() <= get_rule(example).to_dict().items()
        with pytest.raises(RuleError, match=rf'the {kind} rule: .*an example of kind {kind}: {{"kind": "{kind}"'):
            get_rule({**example, "wrong": 1})
    with pytest.raises(RuleError, match=r'needs a kind; known kinds are weighted.*such as {"kind": "threshold_count"'):
        get_rule({"threshold": 0.5})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (None, "got NoneType"),
        (["mean"], "got list"),
        ({"kind": "mean", "weight": 1}, "weight: Extra inputs are not permitted"),
        ({"kind": "mean", 3: 1}, "keys of a mean rule must be str"),
        ({"kind": "threshold_count", "threshold": "0.5"}, r"threshold: .*valid number, got '0.5'"),
        ({"kind": "threshold_count", "threshold": 1.5}, "less than 1, got 1.5"),
        ({"kind": "threshold_count", "threshold": float("nan")}, "threshold: .*got nan"),
        ({"kind": "threshold_count", "threshold": True}, "threshold: "),
        ({"kind": "weighted", "should_share": 0}, "greater than 0, got 0"),
        ({"kind": "weighted", "should_share": 0.9}, "less than or equal to 0.5"),
        ({"kind": "all", "method": "sum"}, "'product' or 'log_odds', got 'sum'"),
        ({"kind": "expression"}, "expression: Field required"),
        ("expression", "expression: Field required"),
        ({"kind": "expression", "expression": 3}, "expression: .*valid string, got 3"),
        ({"kind": "expression", "expression": "r1", "soft": "no"}, "soft: .*valid boolean"),
    ],
)
def test_malformed_rules_say_what_was_got(spec, message):
    with pytest.raises(RuleError, match=message):
        get_rule(spec)


def test_constructors_raise_rule_errors_too():
    with pytest.raises(RuleError, match="the weighted rule: should_share"):
        WeightedRule(should_share=2.0)
    with pytest.raises(RuleError, match="the expression rule: expression"):
        ExpressionRule(expression="__import__('os')")


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.lists(st.integers()))))
def test_any_dict_is_a_rule_or_a_rule_error(data):
    for kind in RULES:
        try:
            rule = get_rule({**data, "kind": kind})
        except RuleError:
            continue
        assert isinstance(rule, ScoringRule)


def test_a_rule_of_ones_own(judged, monkeypatch):
    class BestRule(ScoringRule):
        kind: str = "best"

        def _score(self, judgements):
            return max(judgement.p_yes for judgement in judgements)

    monkeypatch.setitem(RULES, "best", BestRule)
    assert get_rule("best").score(judged(0.2, 0.8)) == 0.8
    get_rule("best").check([Requirement(text="blue")])
