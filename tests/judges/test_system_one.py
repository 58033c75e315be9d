"""A judge over HTTP, before a server that answers and one that misbehaves."""

import base64
import io
import re
import socket
import ssl
from pathlib import Path

import certifi
import pytest
from PIL import Image

from tests.judges.conftest import nouls, send, status
from yofo_rerank import Document, YofoReranker
from yofo_rerank.errors import ConfigError, RequirementError
from yofo_rerank.judges import SystemOneJudge

GREY, RED = Document(image=Image.new("RGB", (40, 30), "grey"), id="g"), Document(text="a red skirt", id="r")


def test_answers_come_in_the_order_asked(server):
    server.acts = [nouls([0.9, 0.25])]
    outcomes = SystemOneJudge(server.url, model="m").judge_outcomes([GREY, RED], ["grey", "not grey"])
    assert [[one.p_yes for one in outcome.judgements] for outcome in outcomes] == [[0.9, 0.25], [0.9, 0.25]]
    assert [one.verdict for one in outcomes[0].judgements] == [True, False]
    assert [one.requirement.text for one in outcomes[0].judgements] == ["grey", "not grey"]


def test_the_reranker_takes_it_and_a_failed_document_goes_last_with_its_code(server):
    def act(handler, body):
        if body["state"] == "broken":
            return send(handler, 422, b"cannot")
        return nouls([0.3 if body["state"] == "low" else 0.8])(handler, body)

    server.acts = [act]
    documents = [Document(text="broken"), Document(text="low"), Document(text="high")]
    ranking = YofoReranker(SystemOneJudge(server.url)).rerank("a skirt", documents)
    assert [one.document.text for one in ranking] == ["high", "low", "broken"]
    assert ranking[2].failure.code == "remote_refused"
    assert ranking[2].judgements == ()
    assert len(server.bodies) == 3  # a refusal is not tried again


@pytest.mark.parametrize(
    "acts, tries",
    [
        ([status(429, headers=[("Retry-After", "0.01")]), nouls([0.7])], 2),
        ([status(500), status(503), nouls([0.7])], 3),
        ([lambda handler, _: handler.connection.shutdown(socket.SHUT_RDWR), nouls([0.7])], 2),
    ],
)
def test_what_may_pass_is_tried_again(server, acts, tries, monkeypatch):
    monkeypatch.setattr("yofo_rerank.judges.http.FIRST_PAUSE", 0.01)
    server.acts = acts
    (outcome,) = SystemOneJudge(server.url).judge_outcomes([RED], ["red"])
    assert outcome.failure is None
    assert outcome.judgements[0].p_yes == 0.7
    assert len(server.bodies) == tries


@pytest.mark.parametrize(
    "act, code",
    [
        *[(status(code), "remote_refused") for code in (400, 413, 415, 422)],
        *[(status(code), "remote_denied") for code in (401, 403, 404)],
        (status(429), "remote_overloaded"),
        (status(500), "remote_failed"),
        (status(307, headers=[("Location", "/elsewhere")]), "remote_denied"),
        (status(200, body=b"{nearly"), "remote_bad_answer"),
        (status(200, body=b"[" * 100_000), "remote_bad_answer"),
        (status(200, body=b"[]"), "remote_bad_answer"),
        (status(200, body={"answers": {}}), "remote_bad_answer"),
        (status(200, body={"answers": {"q0": {"noul": 1.5}}}), "remote_bad_answer"),
        (status(200, body=b'{"answers": {"q0": {"noul": NaN}}}'), "remote_bad_answer"),
        (status(200, body={"answers": {"q0": {"noul": True}}}), "remote_bad_answer"),
        (status(200, body={"answers": {"q0": {"noul": 0.5, "label_mass": "all"}}}), "remote_bad_answer"),
        (status(200, body=b" " * 5_000_000), "remote_bad_answer"),
        (status(200, body=b"no gzip", headers=[("Content-Encoding", "gzip")]), "remote_bad_answer"),
    ],
)
def test_every_failure_has_a_code_and_no_score(server, act, code, monkeypatch):
    monkeypatch.setattr("yofo_rerank.judges.http.FIRST_PAUSE", 0.01)
    server.acts = [act]
    (outcome,) = SystemOneJudge(server.url, tries=2).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == code
    if code in ("remote_refused", "remote_denied"):
        assert len(server.bodies) == 1  # not tried again
    assert outcome.judgements == ()


def test_an_unreadable_image_fails_here_and_is_not_sent(server):
    server.acts = [nouls([0.5])]
    (outcome,) = SystemOneJudge(server.url).judge_outcomes([Document(image=b"no image")], ["red"])
    assert outcome.failure.code == "not_an_image"
    assert server.bodies == []


def test_large_images_are_made_smaller_and_small_ones_stay_exact(server):
    server.acts = [nouls([0.5])]
    big, small = Image.effect_noise((2000, 1000), 50).convert("RGB"), Image.effect_noise((60, 50), 50).convert("RGB")
    judge = SystemOneJudge(server.url, max_pixels=10_000, connections=1)
    judge.judge_outcomes([Document(image=big), Document(image=small)], ["red"])
    sent = [next(iter(body["assets"].values()))["data_base64"] for body in server.bodies]
    first, second = (Image.open(io.BytesIO(base64.b64decode(data))) for data in sent)
    assert first.width * first.height <= 10_000
    assert abs(first.width / first.height - 2) < 0.05
    assert second.convert("RGB").tobytes() == small.tobytes()


def test_many_requirements_go_in_several_requests(server):
    server.acts = [nouls([i / 100 for i in range(64)])]
    (outcome,) = SystemOneJudge(server.url).judge_outcomes([RED], [f"r{i}" for i in range(70)])
    assert [len(body["questions"]) for body in server.bodies] == [64, 6]
    assert [one.p_yes for one in outcome.judgements][62:66] == [0.62, 0.63, 0.0, 0.01]


def test_all_requests_of_a_call_have_one_id_and_another_call_another(server):
    server.acts = [status(503, headers=[("Retry-After", "0.01")]), nouls([0.5])]
    judge = SystemOneJudge(server.url)
    judge.judge_outcomes([RED, GREY], ["red"])
    judge.judge_outcomes([RED], ["red"])
    first, *others, last = [headers["X-Request-Id"] for headers in server.headers]
    assert others == [first, first]
    assert first != last
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in (first, last))


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "s3cret")
    server.acts = [status(401, body=b"wrong")]
    judge = SystemOneJudge(server.url, api_key_env="MY_KEY")
    (outcome,) = judge.judge_outcomes([RED], ["red"])
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(judge) + str(judge.info()) + outcome.failure.message
    monkeypatch.setenv("MY_KEY", "two words\r\nX: y")
    with pytest.raises(ConfigError, match="MY_KEY"):
        judge.judge_outcomes([RED], ["red"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"base_url": "ftp://x"},
        {"base_url": "http://[::1"},
        {"base_url": "http://x]:80"},
        {"base_url": "http://user:pw@x"},
        {"base_url": "http://x?y=1"},
        {"base_url": "http://x:65536"},
        {"base_url": "http://x:0"},
        {"base_url": "http://a b"},
        {"base_url": "http://a\0b"},
        {"base_url": "http://xn--"},
        {"base_url": "http://" + "a" * 300},
        {"base_url": None},
        {"dialect": "klingon"},
        {"question": "no place"},
        {"connections": 0},
        {"tries": True},
        {"deadline": float("inf")},
        {"max_pixels": -1},
    ],
)
def test_bad_settings(arguments):
    with pytest.raises(ConfigError):
        SystemOneJudge(**({"base_url": "http://x"} | arguments))


def test_trusted_certificates_are_read_once_and_again_where_others_are_named(server, monkeypatch, tmp_path):
    reads, read = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda *a, **k: reads.append(a) or read(*a, **k))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server.acts = [nouls([0.7])]
    judge = SystemOneJudge(server.url)
    judge.judge_outcomes([RED], ["red"])
    before = len(reads)
    outcomes = [judge.judge_outcomes([RED], ["red"])[0] for _ in range(3)]
    assert [outcome.failure for outcome in outcomes] == [None] * 3
    assert len(reads) == before
    (tmp_path / "own.pem").write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    judge.judge_outcomes([RED], ["red"])
    assert len(reads) == before + 1


def test_no_requirements():
    with pytest.raises(RequirementError):
        SystemOneJudge("http://x").judge_outcomes([RED], [])


@pytest.mark.parametrize(
    "usage, counted",
    [
        ({"usage": {"input_tokens": 7, "output_tokens": 0}}, 14),
        ({"usage": {"prompt_tokens": 7, "total_tokens": 7}}, 14),
        ({"usage": {"input_tokens": True}}, None),
        ({"usage": {"input_tokens": -1}}, None),
        ({"usage": None}, None),
        ({}, None),
    ],
)
def test_tokens_are_the_servers_sum_over_all_requests_or_unknown(server, usage, counted):
    def act(handler, body):
        answers = {name: {"type": "noul", "noul": 0.75} for name in body["questions"]}
        send(handler, 200, {"answers": answers} | usage)

    server.acts = [act]
    (found,) = SystemOneJudge(server.url).judge_outcomes(["a"], [f"number {place}" for place in range(65)])
    assert len(server.bodies) == 2
    assert found.n_tokens == counted


def test_a_prompt_that_does_not_fit_the_served_model_is_said_once(server, caplog):
    """The label mass of vLLM and SGLang: the share of the vocabulary that yes and no have."""
    body = {"answers": {"q0": {"noul": 0.5, "label_mass": 0.01}}}
    server.acts = [status(200, body=body)]
    judge = SystemOneJudge(server.url, dialect="vllm")
    for _ in range(2):
        (found,) = judge.judge_outcomes(["a"], ["red"])
        assert found.judgements[0].label_mass == 0.01
    assert len([one for one in caplog.messages if "the prompt format does not fit" in one]) == 1


def test_a_sum_a_hair_above_one_is_one(server):
    server.acts = [status(200, body={"answers": {"q0": {"noul": 1.000001, "label_mass": 1.000001}}})]
    (found,) = SystemOneJudge(server.url).judge_outcomes(["a"], ["red"])
    assert (found.judgements[0].p_yes, found.judgements[0].label_mass) == (1.0, 1.0)
