"""A judge over HTTP, and its connections: servers that break off or trickle, callers that stop, processes that fork."""

import os
import signal
import socket
import struct
import threading
import time

import pytest
from PIL import Image

from tests.judges.conftest import nouls, status
from yofo_rerank import Document
from yofo_rerank.judges import SystemOneJudge

GREY, RED = Document(image=Image.new("RGB", (40, 30), "grey"), id="g"), Document(text="a red skirt", id="r")


def test_a_connection_that_is_reset_says_something(server):
    def reset(handler, _):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True

    server.acts = [reset]
    (outcome,) = SystemOneJudge(server.url, tries=1).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == "remote_unreachable"
    assert outcome.failure.message == "the server cannot be reached: ReadError"


def test_half_an_answer_fails(server):
    def half(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"answers":')
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.acts = [half]
    (outcome,) = SystemOneJudge(server.url, tries=1).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == "remote_unreachable"


def test_a_server_that_trickles_is_left_at_the_deadline(server):
    def trickle(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    server.acts = [trickle]
    started = time.monotonic()
    (outcome,) = SystemOneJudge(server.url, deadline=0.4).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == "remote_timeout"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("where", ["status", "header"])
def test_a_server_whose_headers_trickle_is_left_at_the_deadline(server, where):
    over = threading.Event()

    def trickle(handler, _):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: " if where == "header" else b"")
        for byte in b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20:
            if over.wait(0.05):
                return
            handler.wfile.write(bytes([byte]) if where == "status" else b"y")
            handler.wfile.flush()

    server.acts = [trickle]
    started = time.monotonic()
    try:
        outcomes = SystemOneJudge(server.url, deadline=0.4).judge_outcomes([RED, GREY], ["red"])
    finally:
        over.set()
    assert [outcome.failure.code for outcome in outcomes] == ["remote_timeout"] * 2
    assert 0.4 <= time.monotonic() - started < 5


def test_a_long_retry_after_is_not_waited_for(server):
    server.acts = [status(429, headers=[("Retry-After", "3600")])]
    started = time.monotonic()
    (outcome,) = SystemOneJudge(server.url, deadline=30).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == "remote_overloaded"
    assert time.monotonic() - started < 5
    assert len(server.bodies) == 1


def test_nobody_listens():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        (outcome,) = SystemOneJudge(url, tries=1).judge_outcomes([RED], ["red"])
    assert outcome.failure.code == "remote_unreachable"


def test_connections_are_bounded_and_used_at_once(server):
    def slow(handler, body):
        time.sleep(0.1)
        nouls([0.5])(handler, body)

    server.acts = [slow]
    documents = [Document(text=f"skirt {number}") for number in range(12)]
    seen = []
    SystemOneJudge(server.url, connections=3).judge_outcomes(
        documents, ["red"], progress=lambda done, of: seen.append((done, of))
    )
    assert server.most == 3
    assert seen[-1] == (12, 12)


def test_connections_are_those_of_all_calls_together(server):
    cloudpickle = pytest.importorskip("ray.cloudpickle", reason="the extra `ray`")

    def slow(handler, body):
        time.sleep(0.1)
        nouls([0.7])(handler, body)

    server.acts = [slow]
    judge = cloudpickle.loads(cloudpickle.dumps(SystemOneJudge(server.url, connections=2)))  # as Ray sends it
    found = []
    asked = [Document(text=f"a skirt {number}") for number in range(3)]
    callers = [threading.Thread(target=lambda: found.extend(judge.judge_outcomes(asked, ["red"]))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [one.judgements[0].p_yes for one in found] == [0.7] * 12
    assert server.most == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_during_a_call_has_places_of_its_own(server):
    over = threading.Event()
    server.acts = [lambda *request: over.wait(20) and nouls([0.7])(*request), nouls([0.7])]
    judge = SystemOneJudge(server.url, connections=1, deadline=20)
    caller = threading.Thread(target=judge.judge_outcomes, args=([RED], ["red"]))
    caller.start()
    while not server.bodies:
        time.sleep(0.01)
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)  # ends it where it waits for ever
        os._exit(0 if judge.judge_outcomes([RED], ["red"])[0].failure is None else 1)
    ended = os.waitpid(pid, 0)[1]
    over.set()
    caller.join()
    assert ended == 0


def test_an_interruption_leaves_no_thread(server):
    server.acts = [status(503)]
    judge = SystemOneJudge(server.url, tries=50, deadline=60)

    def stop(*_):
        raise KeyboardInterrupt

    failing, waiting = Document(text="x", image=b"no image"), [Document(text=f"{n}") for n in range(4)]
    with pytest.raises(KeyboardInterrupt):
        judge.judge_outcomes([failing, *waiting], ["red"], progress=stop)
    assert not [one for one in threading.enumerate() if one.name.startswith("yofo-http-judge")]


def test_an_interruption_leaves_the_server_that_has_not_answered_yet(server):
    over, interrupted = threading.Event(), []
    server.acts = [nouls([0.7]), lambda *_: over.wait(20)]

    def stop(*_):
        interrupted.append(time.monotonic())
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            SystemOneJudge(server.url, deadline=20, connections=2).judge_outcomes([RED, GREY], ["red"], progress=stop)
        assert time.monotonic() - interrupted[0] < 10
    finally:
        over.set()


def test_who_watches_may_stop_while_no_document_is_answered(server):
    over, seen = threading.Event(), []
    server.acts = [lambda *_: over.wait(20)]

    def stop(*counts):
        seen.append(counts)
        raise KeyboardInterrupt

    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            SystemOneJudge(server.url, deadline=20).judge_outcomes([RED, GREY], ["red"], progress=stop)
        assert time.monotonic() - started < 10
    finally:
        over.set()
    assert seen == [(0, 2)]
