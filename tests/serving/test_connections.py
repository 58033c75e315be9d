"""What a connection may do, whatever it sends: its headers are bounded in bytes and in time."""

import json
import socket
import threading
import time

import pytest
import uvicorn

from tests.serving.test_hostile import GOOD, is_fine
from yofo_rerank.serving import Limits, server

BODY = json.dumps(GOOD).encode()
HEAD = b"POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def connect(client, seconds=20):
    connection = socket.create_connection((client.base_url.host, client.base_url.port))
    connection.settimeout(seconds)
    return connection


def read_all(connection):
    """Until the service ends it."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def status_line(data):
    return data.split(b"\r\n")[0]


@pytest.mark.parametrize("sent", [b"", b"POST /v1/rerank HTTP/1.1\r\nHost: x\r\n", HEAD + b"X-Slow: 1"])
def test_a_connection_that_sends_no_complete_headers_is_ended(serve, monkeypatch, sent):
    monkeypatch.setattr(server.Impatient, "seconds", 2)
    client = serve()
    with connect(client) as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""
    assert is_fine(client)


def test_nor_is_the_second_request_of_a_connection_waited_for(serve, monkeypatch):
    monkeypatch.setattr(server.Impatient, "seconds", 2)
    client = serve()
    with connect(client) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        connection.sendall(HEAD)
        data = read_all(connection)
    assert status_line(data) == b"HTTP/1.1 200 OK"
    assert data.count(b"HTTP/1.1") == 1


def test_a_request_that_takes_longer_is_waited_for(serve, text_judge, monkeypatch):
    monkeypatch.setattr(server.Impatient, "seconds", 1)
    client = serve()
    text_judge.hold.clear()
    threading.Timer(2.5, text_judge.hold.set).start()
    assert client.post("/v1/rerank", json=GOOD).status_code == 200


LARGE = json.dumps(GOOD | {"documents": ["pink " + "x" * 1_000_000] * 24, "return_documents": True}).encode()


def ask_for_much(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE)


def take(connection, most):
    data = bytearray()
    while len(data) < most and (piece := connection.recv(1 << 20)):
        data += piece
    return bytes(data)


def test_who_does_not_read_an_answer_is_left(serve, monkeypatch):
    monkeypatch.setattr(server.Impatient, "seconds", 1)
    client = serve()
    with connect(client, seconds=100) as connection:
        ask_for_much(connection)
        begun = connection.recv(1000)
        assert status_line(begun) == b"HTTP/1.1 200 OK"
        time.sleep(4)
        assert len(read_all(connection)) < 23_000_000  # what the system had taken; the rest was thrown away
    assert is_fine(client)


def test_who_reads_slowly_gets_all_of_it(serve, monkeypatch):
    monkeypatch.setattr(server.Impatient, "seconds", 1)
    client = serve()
    with connect(client, seconds=100) as connection:
        ask_for_much(connection)
        data = b""
        for _ in range(4):  # longer than the wait
            time.sleep(0.4)
            data += take(connection, 4_000_000)
        data += read_all(connection)
    assert len(data) > 24_000_000
    assert data.count(b"HTTP/1.1") == 1


def test_very_large_headers_are_refused(serve):
    client = serve()
    with connect(client) as connection:
        connection.sendall(HEAD + b"X-Large: " + b"x" * 70_000)
        assert status_line(read_all(connection)) == b"HTTP/1.1 400 Bad Request"
    assert is_fine(client)


def test_endless_headers_are_not_read_to_their_end(serve):
    client = serve()
    with connect(client) as connection, pytest.raises((BrokenPipeError, ConnectionResetError)):
        connection.sendall(HEAD)
        for _ in range(10_000):
            connection.sendall(b"X-Large: " + b"x" * 50_000 + b"\r\n")
    assert is_fine(client)


def test_a_declared_length_that_is_too_much_is_refused_unread(serve):
    client = serve()
    with connect(client, seconds=5) as connection:
        connection.sendall(HEAD + b"Content-Length: 200000000\r\n\r\n")
        assert status_line(connection.recv(65536)).startswith(b"HTTP/1.1 413 ")
    assert is_fine(client)


def test_two_ways_to_say_how_long_a_body_is_are_refused(serve, text_judge):
    client = serve()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    with connect(client) as connection:
        connection.sendall(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)
        data = read_all(connection)  # the connection is not used again: what follows may be somebody else's
    assert status_line(data) == b"HTTP/1.1 400 Bad Request"
    assert text_judge.asked == []
    assert is_fine(client)


def test_a_whole_request_and_half_a_goodbye(serve):
    client = serve()
    with connect(client) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        connection.shutdown(socket.SHUT_WR)
        data = read_all(connection)
    assert data == b"" or status_line(data) == b"HTTP/1.1 200 OK"  # ended, or answered; nothing between
    assert is_fine(client)


def test_the_parser_whose_bounds_are_set_is_the_one_that_runs():
    config = uvicorn.Config("nothing:app", **server.settings(Limits()))
    assert (config.http, config.ws, config.limit_concurrency) == (server.Impatient, "none", server.MAX_CONNECTIONS)
    assert config.h11_max_incomplete_event_size == 65536
