import json
import random

import numpy as np
import pytest
import torch

from evals.contestants import kept
from evals.contestants.blocks import base_tokenizer, lay_out, read_rows
from evals.contestants.dual import contrastive_loss, first_matches, pairwise_loss
from evals.contestants.kept import Kept
from evals.contestants.lessons import Shelf, ask_about
from evals.contestants.matching import draw_pairs
from evals.contestants.one_score import in_order, ranking_loss, verdict_loss
from evals.contestants.pictures import load_base
from evals.contestants.task import make_pairs
from evals.contestants.yofo import dependent_lesson
from yofo_rerank.mini.attributes import is_held_out
from yofo_rerank.training.arrange import OPPOSITE

GOOD = np.eye(3, dtype=bool)


def test_each_sentence_is_satisfied_by_its_own_picture_and_not_by_all(pictures):
    asked = ask_about(Shelf(pictures), random.Random(3), categories=3, each=4)
    assert asked.matches.diagonal().all()
    assert not asked.matches.all()
    assert not any(is_held_out(pictures.garments[place]) for place in asked.places)


@pytest.mark.parametrize("loss", [contrastive_loss, pairwise_loss, ranking_loss, verdict_loss])
def test_losses_are_small_where_matches_score_high(loss):
    right = torch.eye(3) * 8 - 4
    assert loss(right, GOOD) < loss(torch.zeros(3, 3), GOOD) < loss(-right, GOOD)


def test_shares_in_order():
    assert in_order(torch.eye(3), GOOD) == first_matches(torch.eye(3), GOOD) == 1.0
    assert in_order(-torch.eye(3), GOOD) == first_matches(-torch.eye(3), GOOD) == 0.0


def test_a_matching_pair_and_others_of_its_block():
    pairs = draw_pairs(np.eye(8, dtype=bool), random.Random(0), each=4)
    assert pairs.count((5, 5)) == 1 and len(pairs) == 8 * 4
    assert all(text // 4 == picture // 4 for text, picture in pairs)


def test_a_sentence_reads_the_same_alone_and_beside_others(pictures):
    texts = ["a red dress", "something without a belt", "not striped"]
    seen = pictures.seen([0, 1])
    with torch.inference_mode():
        together = read_rows(load_base(), lay_out(texts), seen)
        alone = torch.cat([read_rows(load_base(), lay_out([text]), seen) for text in texts], dim=1)
    assert torch.allclose(together, alone, atol=0.15)  # bfloat16
    assert not torch.allclose(together[:, 0], together[:, 1], atol=0.5)


def test_a_dependent_question_asks_for_the_opposite(pictures):
    lesson = dependent_lesson(pictures.garments[0], 0, random.Random(1))
    assert lesson.answers[0] != lesson.answers[1]
    assert OPPOSITE.lower() in base_tokenizer().decode(lesson.ids)


def test_pairs_are_of_one_category_held_out_and_decided_by_the_expression():
    for pair in make_pairs(30, seed=5):
        better, worse = pair.garments[pair.better], pair.garments[1 - pair.better]
        assert better.category == worse.category and is_held_out(better) and is_held_out(worse)
        assert all(one.holds(better) for one in pair.oracle)
        assert pair.differences >= 1
        assert pair.expression.count("r") == len(pair.requirements)
    assert [one.text for one in make_pairs(30, seed=5)] == [one.text for one in make_pairs(30, seed=5)]


PAIRS = [{"text": "a dress"}, {"text": "a coat"}, {"text": "a skirt"}]


def test_kept_scores_are_taken_up_unless_training_pairs_or_code_changed(tmp_path, monkeypatch):
    asked = []

    def score(place):
        asked.append(place)
        return (1.0, 0.0) if place else None

    assert Kept(tmp_path, "a name", PAIRS, {"steps": 1}).fill(score) == [None, (1.0, 0.0), (1.0, 0.0)]
    assert Kept(tmp_path, "a name", PAIRS, {"steps": 1}).fill(score)[0] is None
    assert asked == [0, 1, 2]
    Kept(tmp_path, "a name", PAIRS, {"steps": 2}).fill(score)
    assert asked == [0, 1, 2] * 2
    Kept(tmp_path, "a name", [*PAIRS[:2], {"text": "a top"}], {"steps": 2}).fill(score)
    assert asked == [0, 1, 2] * 3
    monkeypatch.setitem(kept.ORIGIN, "commit", "another")
    Kept(tmp_path, "a name", [*PAIRS[:2], {"text": "a top"}], {"steps": 2}).fill(score)
    assert asked == [0, 1, 2] * 4


def test_scores_of_other_embedded_weights_are_not_taken_up(tmp_path, monkeypatch):
    def score(_place):
        return (1.0, 0.0)

    Kept(tmp_path, "clip, as shipped", PAIRS[:2], None).fill(score)
    monkeypatch.setattr(kept, "mini_weights", lambda: "another digest")
    assert Kept(tmp_path, "clip, as shipped", PAIRS[:2], None).fill(lambda _place: (0.0, 1.0)) == [(0.0, 1.0)] * 2
    before = {"trained": None, "scores": [[1.0, 0.0]]}  # as earlier versions wrote it, without the weights
    [path] = tmp_path.iterdir()
    path.write_text(json.dumps(before))
    assert Kept(tmp_path, "clip, as shipped", PAIRS[:2], None).fill(lambda _place: None) == [None, None]
