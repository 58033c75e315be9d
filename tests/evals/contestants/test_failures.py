"""What cannot be judged is a failure of a contestant, and never the score 0."""

import pytest

from evals.baselines.checks import score_counting
from evals.baselines.registry import get_baseline
from evals.contestants import scorers
from evals.contestants.scorers import RerankerScorer
from yofo_rerank import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.mini.catalog import sample_catalog


def test_a_torn_picture_is_counted_and_not_scored(untrained_judge, monkeypatch):
    [(whole, _)] = sample_catalog(1, seed=77)
    both = [Document(image=b"no picture", id="torn"), whole]
    with pytest.raises(DocumentError):
        RerankerScorer(untrained_judge).score("a red dress", both)
    monkeypatch.setattr(scorers, "open_yofo", lambda *_, **__: untrained_judge)
    counted = score_counting(get_baseline("yofo, as shipped").load(), "a red dress", both)
    assert counted.failures == 1
    assert counted.scores[0] is None
    assert 0 <= counted.scores[1] <= 1
