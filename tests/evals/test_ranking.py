import math

import pytest

from evals.rank_figures import figures_of, row_of, titles_of
from evals.ranking import MEASURES, ideal_order, measure, recall, summarise

GRADES = {"q": {"best": 2, "good": 1, "fine": 1}}


def test_measures_by_hand():
    found = measure({"q": ["bad", "good", "best", "fine"]}, GRADES)
    gain = 1 / math.log2(3) + 2 / math.log2(4) + 1 / math.log2(5)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["precision@1"] == [0]
    assert found["perfect@1"] == [0]
    assert found["MRR"] == [0.5]
    assert found["MRR perfect"] == [pytest.approx(1 / 3)]
    assert found["nDCG@10"] == [pytest.approx(gain / ideal)]


def test_an_item_that_meets_the_musts_alone_is_precise_but_not_perfect():
    found = measure({"q": ["good", "best"]}, GRADES)
    assert found["precision@1"] == [1]
    assert found["perfect@1"] == [0]


def test_what_the_first_stage_missed_counts_against_the_order():
    assert measure({"q": ["best", "good"]}, GRADES)["nDCG@10"][0] < 1
    assert measure({"q": ["best", "good", "fine"]}, GRADES)["nDCG@10"] == [1]


def test_a_missing_query_scores_zero():
    found = measure({"q": ["best"]}, GRADES | {"other": {"a": 2}})
    assert found["precision@1"] == [1, 0]
    assert summarise({"q": ["best"]}, GRADES | {"other": {"a": 2}})["precision@1"].mean == 0.5


def test_order_follows_the_list_not_the_names():
    ids = [f"{letter}{n}" for n in range(6) for letter in "zay"]
    grades = {"q": {ids[11]: 2}}
    assert measure({"q": ids}, grades)["MRR"] == [pytest.approx(1 / 12)]


def test_where_no_grade_says_perfect_nothing_is_measured_by_it():
    plain = {"q": {"good": 1}, "other": {"fine": 1}}
    found = measure({"q": ["good"], "other": ["bad"]}, plain)
    assert list(found) == ["precision@1", "nDCG@10", "MRR"]
    assert found["MRR"] == [1, 0]
    assert list(measure({"q": ["good"]}, plain | {"best": {"best": 2}})) == list(MEASURES)


def test_the_table_has_a_title_for_each_figure():
    run = {"q": {"scores": {"good": 1.0}, "failed": {}, "seconds": 1.0}}
    for grades, n in (({"q": {"good": 1}}, 3), ({"q": {"good": 2}}, 5)):
        figures = figures_of({}, run, grades)
        assert len(titles_of(figures)) == len(row_of(figures)) == n + 2


def test_ideal_order_and_recall():
    assert ideal_order(["bad", "good", "best"], GRADES["q"]) == ["best", "good", "bad"]
    assert recall(["bad", "good", "best"], list(GRADES["q"])) == pytest.approx(2 / 3)
