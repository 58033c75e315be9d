"""Bad bodies, headers and sockets: a typed answer, and the next request is answered."""

import json
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from yofo_rerank.serving import ServeSettings

GOOD = {"model": "m", "query": "pink", "documents": ["a pink skirt"]}
JSON = {"Content-Type": "application/json"}


def is_fine(client):
    return client.post("/v1/rerank", json=GOOD).status_code == 200


@pytest.mark.parametrize(
    "content, headers, status",
    [
        (b"{nearly", JSON, 422),
        (b"", JSON, 422),
        (b"[" * 100_000, JSON, 422),
        (b"\xff\xfe\x00", JSON, 422),
        (b'{"model": "m", "query": "x", "documents": ["\\ud800"]}', JSON, 422),
        (json.dumps(GOOD).encode(), {"Content-Type": "text/plain"}, 415),
        (json.dumps(GOOD).encode(), {}, 415),
        (b"x" * 3_000_000, JSON, 413),
    ],
)
def test_bodies(serve, content, headers, status):
    client = serve({"max_body_bytes": 1_000_000})
    answer = client.post("/v1/rerank", content=content, headers=headers)
    assert answer.status_code == status
    assert set(answer.json()) == {"id", "code", "message", "detail"}
    assert is_fine(client)


def test_a_body_without_length_is_counted_too(serve):
    client = serve({"max_body_bytes": 100_000})
    answer = client.post("/v1/rerank", content=(b"x" * 10_000 for _ in range(50)), headers=JSON)
    assert answer.status_code == 413
    assert is_fine(client)


def test_a_slow_body_is_not_waited_for(serve):
    client = serve({"body_seconds": 0.3})
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port)) as connection:
        connection.sendall(
            b"POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
        )
        connection.settimeout(5)
        assert b"408" in connection.recv(1000).split(b"\r\n")[0]
    assert is_fine(client)


def test_half_closed_sockets_and_broken_requests(serve):
    client = serve()
    for data in (b"POST /v1/rerank HTTP/1.1\r\n", b"\x00\x01", b"GET / HTTP/9\r\n\r\n", b"POST / HTTP/1.1\r\nA" * 9):
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
    assert is_fine(client)


def test_an_error_of_ours_tells_nothing_and_ends_nothing(serve, caplog):
    client = serve()
    answer = client.post("/v1/rerank", json=GOOD | {"documents": ["explode"]})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert is_fine(client)


def test_a_full_house_is_announced(serve, text_judge):
    client = serve({"running": 1, "waiting": 1})
    text_judge.hold.clear()
    codes = []

    def ask():
        codes.append(client.post("/v1/rerank", json=GOOD))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    text_judge.hold.set()
    for thread in threads:
        thread.join()
    refused = [one for one in codes if one.status_code == 429]
    assert len(refused) == 4
    assert all(one.headers["retry-after"] == "1" for one in refused)
    assert sum(one.status_code == 200 for one in codes) == 2
    assert is_fine(client)


def test_a_full_house_parses_no_body(serve, text_judge):
    client = serve({"running": 1, "waiting": 0})
    text_judge.hold.clear()
    inside = threading.Thread(target=client.post, args=("/v1/rerank",), kwargs={"json": GOOD})
    inside.start()
    while not text_judge.asked:
        time.sleep(0.02)
    broken = {"content": b"{", "headers": {"content-type": "application/json"}}
    assert client.post("/v1/rerank", **broken).status_code == 429
    text_judge.hold.set()
    inside.join()
    assert client.post("/v1/rerank", **broken).status_code == 422


def test_a_deadline(serve, text_judge):
    client = serve({"deadline": 0.3, "running": 1})
    text_judge.hold.clear()
    started = time.monotonic()
    assert client.post("/v1/rerank", json=GOOD).status_code == 504
    assert time.monotonic() - started < 3
    text_judge.hold.set()
    time.sleep(0.2)
    assert is_fine(client)


def test_a_client_that_goes_away_is_not_judged_for(serve, text_judge):
    client = serve()
    text_judge.hold.clear()
    body = json.dumps(GOOD | {"documents": ["a", "b", "c", "d"]}).encode()
    lines = ("POST /v1/rerank HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""])
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head.encode() + body)
        time.sleep(0.3)
    time.sleep(0.5)
    text_judge.hold.set()
    time.sleep(0.3)
    assert text_judge.asked == ["a"]
    assert is_fine(client)


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/v1/systemone"])
def test_every_route_wants_a_key_before_it_reads(serve, text_judge, path):
    client = serve(keys=("0123456789abcdef",))
    for headers in ({}, {"Authorization": "Bearer fedcba9876543210"}, {"Authorization": "Bearer 0123456789abcdeg"}):
        answer = client.post(path, content=b"{nearly", headers=headers | JSON)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert (
        client.post(path, content=b"{}", headers={"Authorization": "bearer 0123456789abcdef"} | JSON).status_code == 422
    )
    assert text_judge.asked == []


def test_wrong_keys_are_counted_by_address_and_cost_a_right_one_nothing(serve):
    client = serve({"requests_per_minute": 3}, keys=("0123456789abcdef",))
    codes = [
        client.post("/v1/rerank", json=GOOD, headers={"Authorization": f"Bearer {n}"}).status_code for n in range(5)
    ]
    assert codes == [401, 401, 401, 429, 429]
    right = {"Authorization": "Bearer 0123456789abcdef"}
    assert [client.post("/v1/rerank", json=GOOD, headers=right).status_code for _ in range(4)] == [200] * 3 + [429]


def test_settings_that_are_refused_show_no_key():
    with pytest.raises(ValidationError) as found:
        ServeSettings(keys=("s3cret short",))
    assert "printable ASCII" in str(found.value)
    assert "s3cret" not in str(found.value)


def test_keys(serve):
    client = serve(keys=("0123456789abcdef", "fedcba9876543210"))
    assert client.post("/v1/rerank", json=GOOD).status_code == 401
    for wrong in ("Bearer x", "Bearer " + "x" * 9000, "", "Basic fedcba9876543210"):
        answer = client.post("/v1/rerank", json=GOOD, headers={"Authorization": wrong})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    headers = {"Authorization": "Bearer fedcba9876543210"}
    assert client.post("/v1/rerank", json=GOOD, headers=headers).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_rates(serve):
    client = serve({"requests_per_minute": 3})
    codes = [client.post("/v1/rerank", json=GOOD).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert int(client.post("/v1/rerank", json=GOOD).headers["retry-after"]) in range(1, 22)


@pytest.mark.parametrize("given_id, is_taken", [("abc-1", True), ("x" * 65, False), ("a b", False), ("a\tb", False)])
def test_a_request_id_goes_through_if_it_is_one(serve, given_id, is_taken):
    answer = serve().post("/v1/rerank", json=GOOD, headers={"X-Request-Id": given_id})
    assert (answer.headers["x-request-id"] == given_id) == is_taken


def test_logs_hold_no_contents(serve, caplog):
    with caplog.at_level("INFO"):
        serve().post("/v1/rerank", json=GOOD | {"documents": ["a private text"]})
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("yofo_rerank.serving")]
    assert json.loads(ours[-1])["status"] == 200
    assert not any("private" in line or "pink" in line for line in ours)


def test_no_cors(serve):
    answer = serve().options("/v1/rerank", headers={"Origin": "https://x", "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in answer.headers


def test_states_and_measures(serve):
    client = serve()
    assert client.get("/readyz").status_code == 200
    is_fine(client)
    text = client.get("/metrics").text
    assert 'yofo_requests_total{route="/v1/rerank",status="200"} 1.0' in text
    assert 'yofo_documents_total{outcome="judged"} 1.0' in text
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/v1/rerank", "/v2/rerank", "/v1/systemone"}
    body = paths["/v1/systemone"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert client.post("/v1/systemone", json=body["example"] | {"model": "m"}).status_code == 200


@pytest.fixture
def fuzzed(serve):
    return serve()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/v1/rerank", "/v2/rerank", "/v1/systemone"]),
    body=VALUES
    | st.dictionaries(
        st.sampled_from(["model", "query", "documents", "state", "questions", "assets", "requirements", "top_n"]),
        VALUES | st.just("m"),
    ),
)
def test_no_body_is_answered_with_500(fuzzed, path, body):
    answer = fuzzed.post(path, content=json.dumps(body), headers=JSON)
    assert answer.status_code in (200, 404, 422)


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/", 404, "no_such_route"),
        ("POST", "/v3/rerank", 404, "no_such_route"),
        ("POST", "/v1/rerank/", 404, "no_such_route"),  # no redirect: a client may not send the body again
        ("GET", "/v1/rerank", 405, "bad_method"),
        ("DELETE", "/v1/systemone", 405, "bad_method"),
        ("POST", "/healthz", 405, "bad_method"),
    ],
)
def test_what_is_not_there_is_answered_counted_and_logged_too(serve, caplog, method, path, status, code):
    client = serve()
    with caplog.at_level("INFO"):
        answer = client.request(method, path, headers={"X-Request-Id": "abc-1"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"id", "code", "message", "detail"}
    assert answer.headers["x-request-id"] == answer.json()["id"] == "abc-1"
    assert ("allow" in answer.headers) == (status == 405)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("yofo_rerank.serving")]
    assert (json.loads(ours[-1])["route"], json.loads(ours[-1])["status"]) == ("other", status)
    assert f'yofo_requests_total{{route="other",status="{status}"}} 1.0' in client.get("/metrics").text
