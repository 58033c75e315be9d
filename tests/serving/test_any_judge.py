"""Any judge of the protocol is served, and what is wrong with it is not said to be the client's fault."""

import pytest

from tests.serving.test_hostile import GOOD
from tests.serving.test_large_bodies import STATE
from yofo_rerank.requirements import JudgedDocument, Judgement


class Sure:
    """What the protocol asks, and no more."""

    def judge_outcomes(self, documents, requirements):
        said = tuple(Judgement(requirement=one, p_yes=0.75, verdict=True) for one in requirements)
        return [JudgedDocument(said) for _ in documents]

    def info(self):
        return {}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_a_judge_that_tells_no_progress_is_served(serve, path):
    answer = serve(judge=Sure()).post(path, json=GOOD)
    assert answer.status_code == 200
    assert answer.json()["results"][0]["relevance_score"] == 0.75


def test_and_decides(serve):
    answer = serve(judge=Sure()).post("/v1/systemone", json=STATE)
    assert answer.status_code == 200
    assert answer.json()["answers"] == {"a": {"type": "noul", "noul": 0.75}}
