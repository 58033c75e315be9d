"""What an actor judges again within a run: what may be over in a moment, without its neighbours, and not for ever."""

import pytest

from yofo_rerank.documents import Document
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement
from yofo_rerank.scale import apart
from yofo_rerank.scale.actors import JudgeActor, decode
from yofo_rerank.scale.partitions import listed


class Flaky:
    """Fails a document with the code that is its text's first word, as often as the second says."""

    def __init__(self):
        self.asked = []

    def judge_outcomes(self, documents, requirements):
        self.asked.append([document.text for document in documents])
        return [self.judged(document.text, requirements) for document in documents]

    def judged(self, text, requirements):
        code, times = text.split()
        if sum(text in call for call in self.asked) <= int(times):
            return JudgedDocument(failure=Failure(code=code, message="not now"))
        return JudgedDocument(tuple(Judgement(requirement=one, p_yes=0.9, verdict=True) for one in requirements))

    def info(self):
        return {"model": "flaky"}


@pytest.fixture
def judge(monkeypatch):
    monkeypatch.setattr(apart, "PAUSES", (0.0, 0.0))
    return Flaky()


def codes(judge, texts):
    (table,) = decode({"partition": listed([Document(text=text, id=str(place)) for place, text in enumerate(texts)])})
    return [row["code"] for row in JudgeActor(judge, ["is red"])(table).to_pylist()]


def test_what_may_pass_is_judged_again_alone(judge):
    assert codes(judge, ["good 0", "remote_timeout 1", "oom 2"]) == [None, None, None]
    assert judge.asked[1:] == [["remote_timeout 1", "oom 2"], ["oom 2"]]


def test_what_does_not_pass_keeps_its_code_and_what_cannot_pass_is_not_asked_again(judge):
    texts = ["good 0", "remote_failed 9", "remote_refused 1", "too_long 1", "bad_config 1"]
    assert codes(judge, texts) == [None, "remote_failed", "remote_refused", "too_long", "bad_config"]
    assert judge.asked[1:] == [["remote_failed 9"]] * 2


def test_a_judge_that_answers_nothing_is_not_waited_for(judge):
    assert codes(judge, ["remote_unreachable 1", "too_long 1"]) == ["remote_unreachable", "too_long"]
    assert len(judge.asked) == 1
