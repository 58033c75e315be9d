import json

import pytest
from PIL import Image

from evals import mini_accuracy
from evals.jeans import jeans_figures
from evals.mini_accuracy import CONDITIONS, guesser_figures, judge_condition, position_figures, sample_task
from yofo_rerank import Judgement, Requirement
from yofo_rerank.mini.attributes import is_held_out
from yofo_rerank.mini.catalog import sample_garments


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_tasks_are_what_they_say(condition):
    documents, statements = sample_task(condition, 3, seed=5)
    assert all(len(said) == 10 for said in statements)
    assert all((document.text is not None) == (condition.media == "text") for document in documents)
    garments = sample_garments(3, 5, held_out=condition.new_garments)
    assert all(is_held_out(garment) == condition.new_garments for garment in garments)
    again = sample_task(condition, 3, seed=5)
    assert [one.text for said in statements for one in said] == [one.text for said in again[1] for one in said]


def test_verdicts_stand_beside_the_truth(untrained_judge):
    condition = CONDITIONS[0]
    before = untrained_judge.stats.forward_passes
    verdicts = judge_condition(untrained_judge, condition, 3, seed=6)
    assert untrained_judge.stats.forward_passes - before == 3  # one for each document
    _, statements = sample_task(condition, 3, seed=6)
    assert [one.answer for one in verdicts] == [one.answer for said in statements for one in said]
    assert [one.position for one in verdicts] == list(range(10)) * 3
    assert len({one.p_yes for one in verdicts}) > 20


def test_an_extra_pass_is_noticed(untrained_judge):
    class Wasteful:
        stats = property(lambda _: untrained_judge.stats)

        def judge(self, documents, requirements):
            untrained_judge.judge(documents, requirements[:1])
            return untrained_judge.judge(documents, requirements)

    with pytest.raises(RuntimeError, match="one forward pass for 10 requirements, but counted 2"):
        judge_condition(Wasteful(), CONDITIONS[0], 1, seed=7)


def test_every_statement_is_judged_at_every_place(untrained_judge):
    figures = position_figures(untrained_judge, 2, seed=8)
    assert len(figures["by_position"]) == 10
    assert figures["gap"] == pytest.approx(max(figures["by_position"]) - min(figures["by_position"]))


def test_guesser_is_near_chance_on_the_mini_world():
    figures = guesser_figures(1500, 60, seed=1)
    assert figures["training_statements"] == 1500
    assert 0.4 < figures["image"]["mean"] < 0.6


def test_the_program(monkeypatch, tmp_path, untrained_judge, capsys):
    monkeypatch.setattr(mini_accuracy, "open_judge", lambda *_: untrained_judge)
    output = tmp_path / "accuracy.json"
    mini_accuracy.main(documents=2, position_documents=1, guesser_statements=100, seed=9, output=output)
    record = json.loads(output.read_text())
    assert set(record["figures"]["conditions"]) == {condition.name for condition in CONDITIONS}
    assert record["settings"]["seed"] == 9
    assert "Accuracy by condition" in capsys.readouterr().out


def test_jeans_are_asked_for_by_name_of_jeans_and_of_other_trousers(monkeypatch):
    drawn = []
    monkeypatch.setattr("evals.jeans.render", lambda garment, seed: drawn.append(garment) or Image.new("RGB", (8, 8)))

    class Knows:
        def __init__(self, deaf=False):
            self.deaf = deaf  # to "not"

        def judge(self, _, texts):
            denied = [not self.deaf and ("not" in text or "n't" in text) for text in texts]
            verdicts = [(drawn[-1].nickname == "jeans") != no for no in denied]
            return [
                [
                    Judgement(requirement=Requirement(text=one), p_yes=0.5, verdict=yes)
                    for one, yes in zip(texts, verdicts, strict=True)
                ]
            ]

    right = jeans_figures(Knows(), 4, seed=2)
    assert [right[said][kind]["mean"] for said in right for kind in right[said]] == [1.0] * 6
    assert [garment.nickname == "jeans" for garment in drawn] == [True] * 4 + [False] * 4
    wrong = jeans_figures(Knows(deaf=True), 4, seed=2)
    assert (wrong["jeans"]["both"]["mean"], wrong["not jeans"]["both"]["mean"]) == (1.0, 0.0)
