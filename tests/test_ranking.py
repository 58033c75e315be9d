"""Explanations: candidates that never became documents stand among those that could not be judged."""

import json
import logging

import pytest

from yofo_rerank import Document, YofoReranker
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.ranking import finite
from yofo_rerank.requirements import Explanation, JudgedDocument, Judgement, RankedDocument


class Judge:
    """Says yes with the probability that a document's text names."""

    def judge_outcomes(self, documents, requirements):
        return [
            JudgedDocument(tuple(Judgement(requirement=one, p_yes=float(d.text), verdict=True) for one in requirements))
            for d in documents
        ]

    def vocabulary_warnings(self, texts):
        return []


CANDIDATES = [Document(text="0.2", id="a"), ImageError("no such file", code="missing"), Document(text="0.9", id="b")]


def test_what_never_became_a_document_goes_last():
    explained = YofoReranker(Judge()).explain(
        "", CANDIDATES, requirements=["blue"], retrieval_scores=[0.5, float("inf"), "best"]
    )
    assert [one.index for one in explained.places] == [2, 0, 1]
    assert [one.retrieval_score for one in explained.places] == [None, 0.5, None]
    assert explained.places[-1].failure.code == "missing"
    assert explained.warnings == ["1 of 3 documents could not be judged and were placed last: missing (1)"]
    for one in explained.places:
        assert Explanation(**json.loads(json.dumps(one.to_dict()))) == one


def test_or_is_dropped_or_raises(caplog):
    caplog.set_level(logging.WARNING)
    explained = YofoReranker(Judge(), on_error="drop").explain("", CANDIDATES, requirements=["blue"])
    assert [one.index for one in explained.places] == [2, 0]
    assert "were dropped: missing (1)" in explained.warnings[0]
    with pytest.raises(ImageError, match="no such file"):
        YofoReranker(Judge(), on_error="raise").explain("", CANDIDATES, requirements=["blue"])


def test_a_place_is_an_explanation_with_its_document():
    (place,) = YofoReranker(Judge()).rerank("", CANDIDATES[:1], requirements=["blue"])
    (explanation,) = YofoReranker(Judge()).explain("", CANDIDATES[:1], requirements=["blue"]).places
    assert isinstance(place, Explanation)
    assert place.to_dict() == {"document": CANDIDATES[0].to_dict()} | explanation.to_dict()
    with pytest.raises(ValueError, match="document"):
        RankedDocument(document="a.png", index=0, score=0.5)


@pytest.mark.parametrize(
    "score", [None, float("nan"), float("-inf"), "0.5x", object(), pytest.param(10**5000, id="huge")]
)
def test_a_score_that_is_none(score):
    assert finite(score) is None


def test_one_registry_makes_a_thing_once_for_many_threads():
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from yofo_rerank.shared import Shared

    class Thing:
        pass

    made, start = [], Barrier(8)
    shared = Shared()

    def make():
        made.append(1)
        return Thing()

    def get(_):
        start.wait()
        return shared.get("a", make)

    with ThreadPoolExecutor(8) as pool:
        things = list(pool.map(get, range(8)))
    assert len(set(map(id, things))) == len(made) == 1
    del things
    assert isinstance(shared.get("a", make), Thing)
    assert len(made) == 2  # nobody held the first any longer


def test_documents_by_their_own_error():
    with pytest.raises(DocumentError, match="list"):
        YofoReranker(Judge()).rerank("x", CANDIDATES[0])
