"""Variants are compared document by document: ten statements about one picture are not ten findings."""

import json

import pytest
import typer

from evals import ablations, dependency, reasons
from evals.accuracy import Verdict
from evals.contestants.scorers import SHIPPED, ZERO_SHOT
from evals.paired import paired_difference
from evals.program import MISSING
from yofo_rerank import Judgement
from yofo_rerank.errors import ConfigError
from yofo_rerank.training.arrange import OPPOSITE


@pytest.fixture
def opened(monkeypatch):
    """What `compare` opens is the name itself."""
    monkeypatch.setattr(ablations, "open_yofo", lambda name, *_, **__: name)
    monkeypatch.setattr(ablations, "trained_as", lambda *_: None)


def said(document, right):
    return Verdict(document, 0, "plain", "", True, 0.9, right)


def test_the_units_of_the_paired_test_are_documents(opened, tmp_path):
    right = {"a": [True, True, True, False], "b": [False, True, False, False]}  # by document

    def measured(judge, times):
        found = [said(document, one) for document, one in enumerate(right[judge]) for _ in range(times)]
        return ablations.accuracies(found)

    once, often = (
        ablations.compare({"a": "a", "b": "b"}, tmp_path, lambda judge, n=n: measured(judge, n), against="b")
        for n in (1, 10)
    )
    found = often["contestants"]["a"]["better_than_b"]
    assert found == once["contestants"]["a"]["better_than_b"]  # saying it ten times makes nothing surer
    assert found["documents"] == 4
    assert found["p_value"] == paired_difference([1, 1, 1, 0], [0, 1, 0, 0]).p_value > 0.05
    assert ablations.PAIRED not in often["contestants"]["a"]
    assert often["contestants"]["a"]["acc_property"]["n"] == 40


class Said:
    """A statement as a task has it."""

    text, answer = "a dress", True


class Opposing:
    """Always says yes of a statement; of the question for the opposite, what it was made with."""

    def __init__(self, opposite):
        self.opposite = opposite

    def judge(self, documents, requirements):
        said = [self.opposite if text == OPPOSITE else True for text in requirements]
        return [[Judgement(requirement={"text": "x"}, p_yes=0.5, verdict=one) for one in said] for _ in documents]


def test_dependent_questions_are_compared_too_and_the_zero_shot_base_is_among_them(opened, tmp_path, monkeypatch):
    assert ZERO_SHOT in dependency.NAMES.values()
    monkeypatch.setattr(dependency, "judged", lambda _, task: [said(place, right=True) for place in range(len(task))])
    task = [("picture", [Said()] * 3) for _ in range(20)]
    judges = {"yofo": Opposing(opposite=False), "base": Opposing(opposite=True)}
    names = {name: name for name in judges}
    figures = ablations.compare(names, tmp_path, lambda name: dependency.measured(judges[name], task), against="yofo")
    found = figures["contestants"]["base"]
    assert found["acc_dep_better_than_yofo"]["mean"] == -1
    assert found["acc_dep_better_than_yofo"]["documents"] == 20
    assert found["better_than_yofo"]["mean"] == 0


def test_the_program_of_reasons_compares_with_yofo_and_names_who_is_not_trained(tmp_path, monkeypatch):
    right = {"yofo": 0.9, "base": 0.5, ZERO_SHOT: 0.4, SHIPPED: 0.9}

    def open_yofo(name, folder, *, attention):
        assert attention == "joint"
        if name not in right:
            raise ConfigError(f"{name} is not trained in {folder}")
        return name

    monkeypatch.setattr(ablations, "open_yofo", open_yofo)
    monkeypatch.setattr(ablations, "trained_as", lambda *_: None)
    monkeypatch.setattr(
        ablations,
        "judged",
        lambda kept, task: [said(place, right=place < right[kept.inner] * len(task)) for place in range(len(task))],
    )
    asked = {"documents": 10, "folder": tmp_path, "output": tmp_path / "reasons.json"}
    with pytest.raises(typer.Exit) as ended:
        reasons.main(**asked)
    assert ended.value.exit_code == MISSING
    reasons.main(**asked, skip_missing=True)
    figures = json.loads((tmp_path / "reasons.json").read_text())["figures"]
    assert [one["name"] for one in figures["missing"]] == ["yofo + reasons"]
    assert set(figures["contestants"]) == set(reasons.NAMES) - {"yofo + reasons"}
    assert figures["contestants"]["base, zero-shot"]["better_than_yofo"]["mean"] == pytest.approx(-0.5)
    assert "better_than_yofo" not in figures["contestants"]["yofo"]
