"""`llm` with the real openai client against a local server."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from yofo_rerank.decompose import LlmDecomposer
from yofo_rerank.decompose.llm_call import MAX_CALLS
from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import MAX_QUERY_CHARS

QUERY = "a red dress without pockets"
GOOD = {"requirements": [{"text": "red dress", "necessity": "must"}, {"text": "no pockets", "necessity": "should"}]}
BY_RULES = ["dress", "red", "no pockets"]


def texts(decomposed: Any) -> list[str]:
    return [item.text for item in decomposed.requirements]


class Server:
    """Imitates /v1/chat/completions; `answers` are (status, body or text) given in turn, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.requests: list[dict] = []
        self.keys: list[str | None] = []
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.keys.append(self.headers["Authorization"])
                time.sleep(outer.delay)
                status, answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("retry-after-ms", "1")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def completion(content: str | None) -> dict:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


def test_the_client_sends_a_strict_schema_and_the_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "sk-shop")
    server.answers = [(200, completion(json.dumps({**GOOD, "expression": None})))]
    decomposer = LlmDecomposer(model="small", base_url=server.url, api_key_env="SHOP_KEY")
    assert texts(decomposer.decompose(QUERY)) == ["red dress", "no pockets"]
    assert texts(asyncio.run(decomposer.adecompose(QUERY))) == ["red dress", "no pockets"]
    request = server.requests[0]
    assert (request["model"], request["temperature"], server.keys[0]) == ("small", 0, "Bearer sk-shop")
    assert QUERY in request["messages"][0]["content"]
    schema = request["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["requirements", "expression"]
    assert schema["schema"]["additionalProperties"] is False


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("refusals", [1, 2])
def test_what_a_server_refuses_is_left_out(server: Server, status: int, refusals: int) -> None:
    refusal = (status, {"error": {"message": "not supported"}})
    server.answers = [refusal] * refusals + [(200, completion(f"```json\n{json.dumps(GOOD)}\n```"))]
    decomposed = LlmDecomposer(model="m", base_url=server.url).decompose(QUERY)
    assert texts(decomposed) == ["red dress", "no pockets"]
    wishes = [("response_format" in request, "temperature" in request) for request in server.requests]
    assert wishes == [(True, True), (True, False), (False, False)][: refusals + 1]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, completion("I cannot do that")), "json_invalid"),
        ((200, completion(None)), "json_invalid"),
        ((200, {"choices": []}), "not a chat completion"),
        ((200, {"hello": "world"}), "not a chat completion"),
        ((200, "<html>"), "JSONDecodeError|APIResponseValidationError|not a chat completion"),
        ((500, {"error": {"message": "boom sk-secret"}}), "InternalServerError, HTTP 500"),
        ((401, {"error": {"message": "Incorrect API key provided: sk-secret"}}), "AuthenticationError, HTTP 401"),
        ((429, {"error": {"message": "slow down"}}), "RateLimitError, HTTP 429"),
        ((400, {"error": {"message": "no"}}), "BadRequestError, HTTP 400"),
    ],
)
def test_a_server_that_fails_falls_back(server: Server, answer: tuple[int, Any], reason: str) -> None:
    server.answers = [answer]
    decomposed = LlmDecomposer(model="m", base_url=server.url).decompose(QUERY)
    assert texts(decomposed) == BY_RULES
    assert any(part in decomposed.warnings[0] for part in reason.split("|")), decomposed.warnings
    assert "sk-secret" not in str(decomposed.to_dict())


def test_a_slow_server_falls_back_in_time(server: Server) -> None:
    server.answers = [(200, completion(json.dumps(GOOD)))]
    server.delay = 8.0
    start = time.perf_counter()
    decomposed = LlmDecomposer(model="m", base_url=server.url, timeout=0.2).decompose(QUERY)
    assert time.perf_counter() - start < 6
    assert "Timeout" in decomposed.warnings[0]
    assert texts(decomposed) == BY_RULES


def test_no_server_at_all_falls_back(server: Server) -> None:
    decomposed = LlmDecomposer(model="m", base_url="http://127.0.0.1:9/v1", timeout=5).decompose(QUERY)
    assert "APIConnectionError" in decomposed.warnings[0]


def test_a_given_client_is_used(server: Server) -> None:
    import openai

    server.answers = [(200, completion(json.dumps(GOOD)))]
    client = openai.OpenAI(api_key="k", base_url=server.url)
    decomposer = LlmDecomposer(model="m", client=client)
    assert texts(decomposer.decompose(QUERY)) == ["red dress", "no pockets"]
    assert server.keys == ["Bearer k"]
    with pytest.raises(DecomposeError, match="cannot be data"):
        decomposer.to_dict()


def test_calls_that_hang_leave_a_bounded_number_of_threads() -> None:
    release = threading.Event()
    decomposer = LlmDecomposer(lambda prompt: str(release.wait(30)), timeout=0.002)
    try:
        for _ in range(200):
            assert "TimeoutError" in decomposer.decompose("red dress").warnings[0]
        names = [thread.name for thread in threading.enumerate()]
        assert 1 <= names.count("yofo-llm-decomposer") <= MAX_CALLS
    finally:
        release.set()
    answers = LlmDecomposer(lambda prompt: '{"requirements": [{"text": "red"}]}', timeout=5)
    assert answers.decompose("red dress").decomposer == "llm"  # places are given back


@pytest.mark.parametrize("reply", ['{"requirements": [{"text": "red"}]}', "no JSON"])
def test_of_a_huge_query_the_model_sees_no_more_than_rules_does(reply: str) -> None:
    prompts: list[str] = []

    def complete(prompt: str) -> str:
        prompts.append(prompt)
        return reply

    decomposed = LlmDecomposer(complete, timeout=5).decompose("red dress " * 1_000_000)
    assert len(prompts[0]) < 2 * MAX_QUERY_CHARS
    assert len(decomposed.query) <= MAX_QUERY_CHARS
    notes = [note for note in decomposed.warnings if note.startswith("read the first 5000 of 10000000 characters")]
    assert len(notes) == 1
