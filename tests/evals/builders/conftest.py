"""A local server in the shape of OpenAI's, which misbehaves as it is told, and some pictures."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def image_reply(colour):
    """Four statements, two of which hold; one text is hostile to pages."""
    return {
        "properties": [
            {"text": f"is {colour}", "answer": "yes", "reason": f"The area is {colour}."},
            {"text": f"{HOSTILE} is grey", "answer": "no", "reason": "It has a hue."},
            {"text": "a plain picture", "answer": "yes", "reason": "There is nothing on it."},
            {"text": "a person is visible", "answer": "no", "reason": "Nobody is there."},
        ]
    }


def pair_reply():
    """The first is better."""
    row = {"first_reason": "It is.", "second_reason": "It is not."}
    return {
        "query": "a red one, not large",
        "requirements": [
            {"text": "red", "first": "yes", "second": "no", **row},
            {"text": "not large", "first": "yes", "second": "yes", **row},
        ],
        "expression": "2*r1 + r2",
        "better": "first",
    }


class Server(ThreadingHTTPServer):
    """`faults`: what the next requests get instead of an answer; `asked`: digest of the images -> times."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.faults, self.asked, self.bodies, self.times = [], Counter(), [], []
        self.running = self.most = 0
        self.delay, self.lock, self.takes_schema = 0.0, threading.Lock(), True
        self.reply = None

    def handle_error(self, *_):
        """Clients that go away are part of the game."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            server.bodies.append(body)
            server.times.append(time.monotonic())
            server.running += 1
            server.most = max(server.most, server.running)
            fault = server.faults.pop(0) if server.faults else None
        try:
            time.sleep(server.delay)
            self.answer(body, fault)
        finally:
            with server.lock:
                server.running -= 1

    def answer(self, body, fault):
        if not self.server.takes_schema and "response_format" in body:
            return self.send(400, {"error": {"message": "response_format is not supported"}})
        if isinstance(fault, tuple):
            status, headers = fault
            return self.send(status, {"error": {"message": f"no, {self.headers['Authorization']}"}}, headers)
        if fault == "silence":
            time.sleep(5)
            self.close_connection = True
            return None
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            self.connection.close()
            self.close_connection = True
            return None
        text = {"broken": '{"properties": [', "schema": '{"properties": [{"text": "red"}]}', "prose": "I cannot."}.get(
            fault, json.dumps(self.reply_to(body))
        )
        answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
        answer |= {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
        answer |= {"usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}
        if fault == "empty":
            answer = {"choices": []}
        if fault == "no json":
            return self.send(200, None)
        return self.send(200, answer, half=fault == "half", drip=fault == "drip")

    def reply_to(self, body):
        pictures = [part["image_url"]["url"] for part in body["messages"][0]["content"] if part["type"] == "image_url"]
        key = hashlib.sha256("".join(pictures).encode()).hexdigest()
        with self.server.lock:
            self.server.asked[key] += 1
        if self.server.reply is not None:
            return self.server.reply
        image = Image.open(io.BytesIO(base64.b64decode(pictures[0].partition(",")[2])))
        red, _, blue = image.convert("RGB").getpixel((4, 4))
        return pair_reply() if len(pictures) == 2 else image_reply("red" if red > blue else "blue")

    def send(self, status, value, headers=(), *, half=False, drip=False):
        data = b"<html>" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, said in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **dict(headers),
        }.items():
            self.send_header(name, said)
        self.end_headers()
        if drip:
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(0.2)
        self.wfile.write(data[: len(data) // 2] if half else data)
        if half:
            self.close_connection = True

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def server():
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """28 different pictures in two folders, and one twice."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(28):
        place = folder / ("tops" if number % 2 else "skirts") / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40 + number, 32), "red" if number % 4 < 2 else "blue").save(place)
    (folder / "tops" / "twin.png").write_bytes((folder / "tops" / "1.png").read_bytes())
    return folder


@pytest.fixture
def endpoint(server):
    """The server as the builders see it, impatient."""
    from evals.builders.endpoint import open_endpoint

    return lambda **patience: open_endpoint(
        server.url, "m", "NO_KEY", **{"timeout": 2.0, "first_wait": 0.01, "tries": 4} | patience
    )


@pytest.fixture
def plan(pictures, tmp_path):
    """All pictures, one question each."""
    from evals.builders.images import find_pictures
    from evals.builders.kinds import KINDS
    from evals.builders.run import Plan
    from evals.builders.settings import Settings, claim_folder

    def make(kind="sa1b", questions=None, **settings):
        folder = tmp_path / "out"
        claim_folder(folder, Settings(kind=kind, model="m", prompt="look", max_pixels=1_000_000))
        if questions is None:
            questions = [(one,) for one in find_pictures(pictures)]
        return Plan(folder=folder, root=pictures, kind=KINDS[kind], prompt="look", questions=questions, **settings)

    return make
