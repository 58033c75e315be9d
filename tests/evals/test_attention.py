import pytest

from evals.attention import difference, evaluate, print_figures
from yofo_rerank import Judgement, Requirement


def table(*p_yes):
    return [[Judgement(requirement=Requirement(text="x"), p_yes=one, verdict=one > 0.5) for one in p_yes]]


def test_difference():
    found = difference(table(0.9, 0.4, 0.2), table(0.8, 0.6, 0.2))
    assert found == {"flips": pytest.approx(1 / 3), "mean": pytest.approx(0.1), "largest": pytest.approx(0.2)}


def test_both_modes_are_right_and_isolated_answers_do_not_drift(capsys):
    figures = evaluate("mini", None, documents=12, seed=5)
    for modes in figures.values():
        assert all(found["acc_property"]["mean"] > 0.9 for found in modes.values())
        assert modes["isolated"]["against_alone"]["largest"] < 1e-4
        assert modes["isolated"]["against_another_order"]["largest"] < 1e-4
        assert modes["joint"]["against_alone"]["largest"] > 1e-3
    print_figures(figures)
    assert "image, isolated" in capsys.readouterr().out
