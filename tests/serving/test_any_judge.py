"""Any judge of the protocol is served, and what is wrong with it is not said to be the client's fault."""

import json

import pytest

from tests.serving.conftest import TextJudge
from tests.serving.test_hostile import GOOD
from tests.serving.test_large_bodies import STATE
from yofo_rerank.errors import ModelError
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement


class Failing(TextJudge):
    """Fails every document with the code that is its text, or raises it."""

    def judge_outcomes(self, documents, requirements, *, progress=False):
        code = documents[0].text
        if code.startswith("raise "):
            raise ModelError("it is broken", code=code.removeprefix("raise "))
        return [JudgedDocument(failure=Failure(code=code, message="it is broken")) for _ in documents]


@pytest.mark.parametrize("path, body", [("/v2/rerank", GOOD | {"documents": ["a", "b"]}), ("/v1/systemone", STATE)])
def test_a_request_has_one_id_through_all_services(serve, path, body, caplog):
    caplog.set_level("INFO", logger="yofo_rerank.serving.app")
    behind = serve()
    front = serve(judge=SystemOneJudge(str(behind.base_url), model="m"))
    for name in ("first-7", "second-7"):
        assert front.post(path, json=body, headers={"X-Request-Id": name}).headers["X-Request-Id"] == name
    own = front.post(path, json=body).headers["X-Request-Id"]
    lines = [json.loads(line) for line in caplog.messages if line.startswith("{")]
    asked = len(body.get("documents", [1]))
    assert [one["id"] for one in lines] == [one for one in ("first-7", "second-7", own) for _ in range(asked + 1)]


class Sure:
    """What the protocol asks, and no more."""

    def judge_outcomes(self, documents, requirements):
        said = tuple(Judgement(requirement=one, p_yes=0.75, verdict=True) for one in requirements)
        return [JudgedDocument(said) for _ in documents]

    def info(self):
        return {}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_a_judge_that_tells_no_progress_is_served(serve, path):
    answer = serve(judge=Sure()).post(path, json=GOOD | {"scoring": "min"})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["relevance_score"] == 0.75


def test_and_decides(serve):
    answer = serve(judge=Sure()).post("/v1/systemone", json=STATE)
    assert answer.status_code == 200
    assert answer.json()["answers"] == {"a": {"type": "noul", "noul": 0.75}}


@pytest.mark.parametrize(
    "code, status",
    [
        ("oom", 503),
        ("remote", 503),
        ("remote_overloaded", 503),
        ("remote_unreachable", 503),
        ("nan", 500),
        ("remote_bad_answer", 502),
        ("remote_refused", 502),
        ("remote_denied", 502),
        ("bad_image", 422),
        ("too_long", 422),
        ("too_many_bytes", 413),
    ],
)
def test_whose_fault_a_failure_is(serve, code, status):
    answer = serve(judge=Failing()).post("/v1/systemone", json=STATE | {"state": code})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


@pytest.mark.parametrize("code, status", [("oom", 503), ("nan", 500), ("remote_refused", 502), ("not_an_image", 422)])
@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_where_no_document_could_be_judged_there_is_no_answer(serve, path, code, status):
    answer = serve(judge=Failing()).post(path, json=GOOD | {"documents": [code, code]})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"] == "no document of 2 could be judged; documents[0]: it is broken"
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


class Mixed(TextJudge):
    """Fails every document with the code that is its text."""

    def judge_outcomes(self, documents, requirements, *, progress=False):
        return [JudgedDocument(failure=Failure(code=one.text, message=f"it is {one.text}")) for one in documents]


@pytest.mark.parametrize(
    "codes, status, place",
    [
        (("not_an_image", "remote_overloaded", "oom"), 503, 1),
        (("not_an_image", "nan"), 500, 1),
        (("nan", "oom"), 503, 1),
        (("not_an_image", "too_large"), 422, 0),
    ],
)
def test_what_may_pass_decides_whether_a_client_comes_again(serve, codes, status, place):
    answer = serve(judge=Mixed()).post("/v2/rerank", json=GOOD | {"documents": list(codes)})
    assert (answer.status_code, answer.json()["code"]) == (status, codes[place])
    assert f"documents[{place}]: it is {codes[place]}" in answer.json()["message"]
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize("code, status", [("oom", 503), ("bad_model", 500), ("unknown_family", 500)])
@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/v1/systemone"])
def test_a_broken_model_is_no_fault_of_the_client(serve, path, code, status):
    body = STATE | {"state": f"raise {code}"} if "one" in path else GOOD | {"documents": [f"raise {code}"]}
    answer = serve(judge=Failing()).post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_our_judge_over_http_tries_such_a_fault_again(serve):
    class Recovers(Failing):
        def judge_outcomes(self, documents, requirements, *, progress=False):
            self.asked.append(1)
            if len(self.asked) == 1:
                return super().judge_outcomes(documents, requirements)
            return Sure().judge_outcomes(documents, requirements)

    judge = Recovers()
    client = serve(judge=judge)
    (outcome,) = SystemOneJudge(str(client.base_url), model="m").judge_outcomes(["oom"], ["pink"])
    assert outcome.failure is None
    assert outcome.judgements[0].p_yes == 0.75
    assert len(judge.asked) == 2
