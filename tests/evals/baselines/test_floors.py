"""The floors."""

from __future__ import annotations

import pytest

from evals.baselines.checks import open_baseline
from evals.baselines.floors import RECORDS, Random
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError

FIRST_STAGE, RANDOM = RECORDS


def test_without_reranking_the_order_stays(texts):
    scores = open_baseline(FIRST_STAGE).score("any", texts)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(texts)


def test_the_first_stage_s_scores_are_kept_and_not_mixed():
    scored = [Document(text=str(score), metadata={"retrieval_score": score}) for score in (0.3, 0.9, 0.1)]
    assert open_baseline(FIRST_STAGE).score("any", scored) == [0.3, 0.9, 0.1]
    with pytest.raises(DocumentError, match="3 of 4"):
        open_baseline(FIRST_STAGE).score("any", [*scored, Document(text="none")])


def test_random_is_the_same_for_a_pair_whatever_stands_beside_it(texts, agree):
    scores = agree(open_baseline(RANDOM), "grey", texts)
    assert scores != open_baseline(RANDOM).score("blue", texts)
    assert scores != Random(seed=1).score("grey", texts)
    assert open_baseline(RANDOM, "1").score("grey", texts) == Random(seed=1).score("grey", texts)


def test_random_is_uniform():
    many = Random().score("grey", [Document(text=str(place)) for place in range(2000)])
    assert 0 <= min(many) < 0.01 < 0.99 < max(many) < 1
    assert sum(many) / len(many) == pytest.approx(0.5, abs=0.03)
