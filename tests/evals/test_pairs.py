"""A contestant of the pairs that sees no difference is named, and the others are compared."""

import pytest

from evals import pairs
from evals.contestants.task import make_pairs


@pytest.fixture
def contestants(monkeypatch):
    """One that orders every pair rightly, one that gives all of them one score, and the same as verdicts."""
    known = {
        "clip-style": lambda pair, _: (0.5, 0.5),
        "yofo": lambda pair, _: (1.0, 0.0) if pair.better == 0 else (0.0, 1.0),
        f"base{pairs.HARD}": lambda pair, _: (1.0, 1.0),
    }
    monkeypatch.setattr(pairs, "open_contestants", lambda _: (known, []))
    monkeypatch.setattr(pairs, "trained_as", lambda *_: None)
    monkeypatch.setattr(pairs, "_p_yes", lambda *_: lambda _: {})


def test_one_score_for_every_pair_is_no_contestant(contestants, tmp_path):
    figures = pairs.evaluate(24, 5, tmp_path)
    [missing] = figures["missing"]
    assert missing["name"] == "clip-style"
    assert "all 40 scores of the first 20 questions are 0.5" in missing["reason"]
    assert set(figures["contestants"]) == {"yofo", f"base{pairs.HARD}"}
    assert figures["contestants"]["yofo"]["err_rank"]["mean"] == 0


def test_of_few_pairs_nothing_is_said(contestants, tmp_path):
    assert pairs.evaluate(4, 5, tmp_path)["missing"] == []


def test_failures_are_no_scores():
    made = make_pairs(3, seed=5)
    assert pairs._refusal("a", [None] * 30) == ""
    assert pairs.wrong(made, [None] * 3) == [True] * 3


def test_an_error_that_nobody_foresaw_is_a_failure_of_its_pair(contestants, monkeypatch, tmp_path):
    def stumbling(pair, _):
        if pair.text == first.text:
            raise RuntimeError("a kernel failed")
        return (1.0, 0.0) if pair.better == 0 else (0.0, 1.0)

    first = make_pairs(4, 5)[0]
    known = {"yofo": stumbling}
    monkeypatch.setattr(pairs, "open_contestants", lambda _: (known, []))
    found = pairs.evaluate(4, 5, tmp_path)["contestants"]["yofo"]
    assert (found["failures"], found["err_rank"]["mean"]) == (1, 0.25)
