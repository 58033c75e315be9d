"""A server that answers or misbehaves as a test tells it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Scripted:
    """Each request is answered by the next act of the script, the last of which goes on for ever."""

    def __init__(self, server):
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.acts, self.bodies, self.headers, self.paths = [], [], [], []
        self.running = self.most = 0
        self.lock = threading.Lock()

    def act(self, handler, body):
        with self.lock:
            self.bodies.append(body)
            self.headers.append(dict(handler.headers))
            self.paths.append(handler.path)
            act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            act(handler, body)
        finally:
            with self.lock:
                self.running -= 1


def send(handler, status, data, headers=()):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def nouls(values):
    """Answers the questions with these, again and again."""

    def act(handler, body):
        names = list(body["questions"])
        answers = {name: {"type": "noul", "noul": values[place % len(values)]} for place, name in enumerate(names)}
        send(handler, 200, {"model": "m", "answers": answers, "usage": {"input_tokens": 1, "output_tokens": 0}})

    return act


def status(code, *, body=b"no", headers=()):
    return lambda handler, _: send(handler, code, body, headers)


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            scripted.act(self, body)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    scripted = Scripted(http)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield scripted
    http.shutdown()
    http.server_close()
    thread.join()
