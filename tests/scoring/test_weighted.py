"""The default rule: musts decide, shoulds break ties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.scoring import WeightedRule

YES, NO = 0.97, 0.03


def must(p_yes, weight=1.0):
    return (p_yes, "must", weight)


def should(p_yes, weight=1.0):
    return (p_yes, "should", weight)


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ([must(1.0)], 1.0),
        ([must(0.0)], 0.01),
        ([must(0.5), must(0.5)], 0.505**2),
        ([must(0.5, 7.0), must(0.5, 7.0)], 0.505**2),  # only relative weights count
        ([must(0.5, 3.0), must(1.0, 1.0)], 0.505**1.5),  # 3 / mean 2
        ([must(0.5, 1.0), must(1.0, 3.0)], 0.505**0.5),
        ([must(0.5, 1e300), *[must(1.0, 1e-300)] * 9], 0.505**2),  # held at 2
        ([must(0.5, 1e-300), *[must(1.0, 1e300)] * 9], 0.505**0.5),  # and at 0.5
        ([should(0.5), should(1.0)], 0.75),
        ([should(0.0, 3.0), should(1.0, 1.0)], 0.25),
        ([must(1.0), should(0.0)], 0.8),
        ([must(1.0), should(0.5)], 0.9),
        ([must(1.0), should(1.0, 3.0), should(0.0, 1.0)], 0.95),
        ([must(0.5), should(0.5)], 0.505 * 0.9),
    ],
)
def test_hand_computed(answers, score, judged):
    assert WeightedRule().score(judged(*answers)) == pytest.approx(score, rel=1e-9)


def test_should_share(judged):
    assert WeightedRule(should_share=0.5).score(judged(must(1.0), should(0.0))) == pytest.approx(0.5)


@given(
    n_musts=st.integers(1, 10),
    n_shoulds=st.integers(0, 20),
    weights=st.lists(st.floats(1e-3, 1e3), min_size=30, max_size=30),
    missed=st.integers(0, 9),
)
def test_a_missed_must_costs_more_than_every_should(n_musts, n_shoulds, weights, missed, judged):
    def score(answers_to_musts, answer_to_shoulds):
        musts = [must(p, weight) for p, weight in zip(answers_to_musts, weights, strict=False)]
        shoulds = [should(answer_to_shoulds, weight) for weight in weights[10 : 10 + n_shoulds]]
        return WeightedRule().score(judged(*musts, *shoulds))

    met = [YES] * n_musts
    one_missed = [NO if position == missed % n_musts else YES for position in range(n_musts)]
    assert score(met, 0.0) > score(one_missed, 1.0)


def test_two_missed_musts_are_worse_than_one_missed_for_sure(judged):
    rule = WeightedRule()
    assert rule.score(judged(0.02, 0.02, YES)) < rule.score(judged(0.0, YES, YES))


def test_shoulds_order_documents_that_meet_all_musts(judged):
    rule = WeightedRule()
    scores = [rule.score(judged(must(YES), should(a), should(b))) for a, b in [(NO, NO), (YES, NO), (YES, YES)]]
    assert scores == sorted(set(scores))


def test_a_heavier_should_matters_more(judged):
    rule = WeightedRule()
    heavy_met = rule.score(judged(must(YES), should(YES, 3.0), should(NO, 1.0)))
    light_met = rule.score(judged(must(YES), should(NO, 3.0), should(YES, 1.0)))
    assert heavy_met > light_met


def test_the_paper_prefers_summer_over_grey(judged):
    """§3.1: the query wants bottoms for summer, preferably grey."""
    rule = WeightedRule()
    grey_winter_trousers = judged(must(YES), must(NO), should(YES))
    black_summer_skirt = judged(must(YES), must(YES), should(NO))
    assert rule.score(black_summer_skirt) > rule.score(grey_winter_trousers)
