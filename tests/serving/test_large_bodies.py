"""Bodies that would become many times their bytes: refused early, cheaply, and the next request is answered."""

import json
import socket
import threading
import time
import tracemalloc

import pytest
from pydantic import ValidationError

from tests.serving.test_hostile import GOOD, JSON, is_fine
from yofo_rerank.serving import Limits
from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.parsing import MAX_PIECES, parse
from yofo_rerank.serving.rerank_api import RerankV1
from yofo_rerank.serving.system_one_api import SystemOne

STATE = {"model": "m", "state": "pink", "questions": {"a": {"type": "noul", "instructions": "pink"}}}
FEW, MANY = 150_000, 2_500_000
ONES = {"documents": [1] * FEW}
KEYS = {f"k{place}": 1 for place in range(60_000)}


def refused(model, body):
    """The error, how much memory it took beside the body, and how many complaints pydantic wrote."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as found:
            parse(model, data, Limits())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    cause = found.value.__cause__
    return found.value, peak, cause.error_count() if isinstance(cause, ValidationError) else 0


@pytest.mark.parametrize(
    "model, change, code",
    [
        (RerankV1, ONES, "too_many_documents"),
        (RerankV1, {"requirements": [1] * FEW}, "too_many_requirements"),
        (RerankV1, {"documents": [1] * 1000}, "bad_request"),
        (RerankV1, {"documents": [{"content": [1] * FEW}]}, "bad_request"),
        (RerankV1, {"documents": [KEYS]}, "bad_request"),
        (RerankV1, {"query": {"content": [1] * FEW}}, "bad_request"),
        (RerankV1, {"query": KEYS}, "bad_request"),
        (RerankV1, {"rank_fields": [1] * FEW}, "bad_request"),
        (RerankV1, {"requirements": [KEYS]}, "bad_request"),
        (RerankV1, KEYS, "bad_request"),
        (SystemOne, KEYS, "bad_request"),
        (SystemOne, {"questions": KEYS}, "too_many_questions"),
        (SystemOne, {"questions": {"a": KEYS}}, "bad_request"),
        (SystemOne, {"questions": {"a": {"criteria": KEYS}}}, "bad_request"),
        (SystemOne, {"assets": KEYS}, "too_many_images"),
        (SystemOne, {"images": [1] * FEW}, "too_many_images"),
        (SystemOne, {"images": [KEYS]}, "bad_request"),
    ],
)
def test_many_mistakes_are_not_complained_of_one_by_one(model, change, code):
    error, peak, complaints = refused(model, (GOOD if model is RerankV1 else STATE) | change)
    assert (error.status, error.code) == (422, code)
    assert complaints <= 10
    assert peak < 30_000_000
    assert len(error.message) < 700


@pytest.mark.parametrize("piece", [b"1,", b"[],", b"{},", b'"",'])
def test_five_megabytes_of_crumbs_become_no_objects(piece):
    error, peak, _ = refused(RerankV1, b'{"documents":[' + piece * MANY + b"1]}")
    assert error.code == "too_many_values"
    assert peak < 1_000_000


def test_commas_inside_texts_are_no_values():
    body = GOOD | {"documents": ['a, [b], {c}, "d" \\, ' * 100_000]}
    assert parse(RerankV1, json.dumps(body).encode(), Limits()).documents == body["documents"]


@pytest.mark.parametrize("data", [b'{"documents":[' + b"1," * MANY + b"1]}", json.dumps(GOOD | ONES).encode()])
def test_such_a_body_is_answered_soon_and_so_is_the_next(serve, data):
    client = serve()
    is_fine(client)
    started = time.monotonic()
    answer = client.post("/v1/rerank", content=data, headers=JSON)
    assert time.monotonic() - started < 5  # it took minutes, and all memory
    assert answer.status_code == 422
    assert answer.json()["code"] in ("too_many_values", "too_many_documents")
    assert is_fine(client)


def test_ten_thousand_documents_are_counted_in_the_answer(serve):
    answer = serve().post("/v2/rerank", json=GOOD | {"documents": ["a"] * 10_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_documents")
    assert "10000" in answer.json()["message"]


def test_the_largest_that_is_allowed_is_far_from_the_bound():
    parts = {
        "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "b", "detail": "low"}}]
    }
    data = json.dumps(GOOD | {"documents": [parts] * 1000, "requirements": [{"text": "a"}] * 64}).encode()
    assert sum(data.count(mark) for mark in (b",", b"[", b"{")) < MAX_PIECES / 10
    assert len(parse(RerankV1, data, Limits()).documents) == 1000


def test_all_bodies_together_are_bounded_and_what_an_answered_one_held_is_free_again(serve, text_judge):
    client = serve({"max_body_bytes": 150_000, "held_body_bytes": 200_000})
    large = GOOD | {"documents": ["pink" * 30_000]}
    text_judge.hold.clear()
    first = []
    thread = threading.Thread(target=lambda: first.append(client.post("/v1/rerank", json=large)))
    thread.start()
    while not text_judge.asked:
        time.sleep(0.01)
    refused = client.post("/v1/rerank", json=large)
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "overloaded", "1")
    text_judge.hold.set()
    thread.join()
    assert first[0].status_code == 200
    for _ in range(3):
        assert client.post("/v1/rerank", json=large).status_code == 200


def test_what_half_a_body_held_is_free_again(serve):
    client = serve({"max_body_bytes": 150_000, "held_body_bytes": 150_000})
    head = b"POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 140000\r\n\r\n"
    for _ in range(3):
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            connection.sendall(head + b" " * 100_000)
            time.sleep(0.1)
    large, until = GOOD | {"documents": ["pink" * 30_000]}, time.monotonic() + 10
    while client.post("/v1/rerank", json=large).status_code == 429 and time.monotonic() < until:
        time.sleep(0.1)  # the last one's end may not be noticed yet
    assert client.post("/v1/rerank", json=large).status_code == 200


def test_the_bound_of_all_bodies_has_room_for_one():
    with pytest.raises(ValidationError, match="held_body_bytes"):
        Limits(max_body_bytes=100, held_body_bytes=99)


def test_two_questions_of_one_name_are_refused(serve):
    data = b'{"model": "m", "state": "pink", "questions": {"a": %s, "a": %s}}'
    asked = [json.dumps({"type": "noul", "instructions": text}).encode() for text in ("green", "pink")]
    answer = serve().post("/v1/systemone", content=data % tuple(asked), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_key")
    assert "'a'" in answer.json()["message"]
