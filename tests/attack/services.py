"""Entries over HTTP: requests that strangers send to the service, answers that a server gives to our judge."""

from __future__ import annotations

import atexit
import base64
import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from tests.attack import words
from tests.attack.entry import Entry, LetIn
from yofo_rerank.errors import RemoteError
from yofo_rerank.judges.dialects import DIALECTS

GOOD: dict[str, Any] = {"model": "m", "query": "pink", "documents": ["a grey hat", "a pink skirt"]}
PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
BODIES: dict[str, list[dict[str, Any]]] = {
    "/v1/rerank": [
        GOOD | {"return_documents": True, "top_n": 1},
        GOOD | {"documents": [{"text": "a"}, {"image": PICTURE}], "requirements": ["pink", {"text": "a hat"}]},
    ],
    "/v2/rerank": [GOOD | {"explain": True, "scoring": {"kind": "expression", "expression": "r1"}}],
    "/v1/systemone": [
        {"model": "m", "state": {"text": "a hat"}, "questions": {"q": {"type": "noul", "instructions": "pink"}}},
        {"model": "m", "state": "x <a>", "questions": {}, "assets": {"<a>": {"data_base64": "aGF0"}}},
    ],
}
ODD = [None, True, -1, 10**400, 1.5, float("nan"), "", "x" * 5000, [], {}, [[]], "m", "\ud800", PICTURE, ["a"] * 300]
ODD += ["http://127.0.0.1/a.png", "data:image/png;base64,?", "data:,", {"type": "image_url"}, {"text": None}, [GOOD]]
SIBLINGS = ["top_k", "input", "docs", "temperature", "choices", "criteria", "image_url", "stream", "scorings", "model "]
HEADERS = ["Authorization", "X-Request-Id", "X-Forwarded-For", "Content-Encoding", "Accept", "Cookie", "Content-Type"]
REFUSED = {400, 404, 413, 415, 422}


class WordJudge:
    """A judge that costs nothing: yes where a text holds the requirement's words."""

    def judge_outcomes(self, documents: Sequence[Any], requirements: Sequence[Any], *, progress: Any = False) -> Any:
        """Every document judged."""
        from yofo_rerank.requirements import JudgedDocument, Judgement

        def judge(text: str, asked: Any) -> Judgement:
            return Judgement(requirement=asked, p_yes=0.9 if asked.text in text else 0.1, verdict=asked.text in text)

        return [JudgedDocument(tuple(judge(one.text or "", asked) for asked in requirements)) for one in documents]

    def info(self) -> dict[str, Any]:
        """What stands for a model."""
        return {"model": "words"}


@cache
def _client() -> Any:
    from starlette.testclient import TestClient

    from yofo_rerank.serving import Limits, ServeSettings
    from yofo_rerank.serving.app import create_app

    settings = ServeSettings(names=("m",), limits=Limits(max_documents=200, max_body_bytes=200_000))
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(TestClient(create_app(WordJudge(), settings), raise_server_exceptions=True))


def check_request(sent: tuple[str, bytes, dict[str, bytes]], folder: Path) -> None:
    """Answered or refused in the service's own shape, never with 5xx; the next request is answered rightly."""
    path, content, headers = sent
    answer = _client().post(path, content=content, headers=headers)
    if answer.status_code == 200:
        _check_results(answer.json())
    elif answer.status_code not in REFUSED or set(answer.json()) != {"id", "code", "message", "detail"}:
        raise LetIn(f"{answer.status_code}: {answer.text[:200]}")
    after = _client().post("/v1/rerank", json=GOOD)
    if after.status_code != 200 or [one["index"] for one in after.json()["results"]] != [1, 0]:
        raise LetIn(f"the next one: {after.status_code}: {after.text[:200]}")


def _check_results(answer: dict[str, Any]) -> None:
    results = answer.get("results", [])
    places = [one["index"] for one in results]
    scores = [one["relevance_score"] for one in results]
    if len(set(places)) != len(places) or not all(0 <= one <= 1 for one in scores):
        raise LetIn(f"places {places[:20]}, scores {scores[:20]}")


def make_request(rng: random.Random) -> tuple[str, bytes, dict[str, bytes]]:
    """A good body with one to three faults; now and then bytes of it are damaged, or a header is strange."""
    path = rng.choice(list(BODIES))
    body = json.loads(json.dumps(rng.choice(BODIES[path if rng.random() < 0.9 else rng.choice(list(BODIES))])))
    for _ in range(rng.randint(1, 3)):
        _spoil(rng, body)
    text = json.dumps(body, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.1:
        text = rng.choice(["[" * 3000 + "{}", '{"model": 1, {}', "{}{}", "\ufeff{}"]).replace("{}", text, 1)
    content = text.encode(errors="surrogatepass")
    headers = {"Content-Type": b"application/json"}
    if rng.random() < 0.2:
        said = "".join(char for char in words.text(rng) if char.isprintable())
        headers[rng.choice(HEADERS)] = said.encode("latin-1", "ignore")
    return path, words.mutated(rng, content) if rng.random() < 0.3 else content, headers


def _spoil(rng: random.Random, body: Any) -> None:
    """One value, somewhere in it, is another one, gone, or has a companion that no field is for."""
    while body and (inner := [one for one in _values(body) if isinstance(one, dict | list)]) and rng.random() < 0.6:
        body = rng.choice(inner)
    places = list(body) if isinstance(body, dict) else list(range(len(body)))
    kind = rng.randrange(8)
    if kind == 0 and isinstance(body, dict):
        body[rng.choice([*SIBLINGS, words.text(rng)])] = deepcopy(rng.choice(ODD))
    elif kind == 1 and places:
        del body[rng.choice(places)]
    elif places:
        body[rng.choice(places)] = words.text(rng) if kind < 5 else deepcopy(rng.choice(ODD))


def _values(body: Any) -> list[Any]:
    return list(body.values()) if isinstance(body, dict) else body


def check_answer(sent: tuple[str, Any, int], folder: Path) -> None:
    """Refused with a code, or a probability for each question."""
    from yofo_rerank.judges.system_one import _answers

    dialect, answer, count = sent
    try:
        found = _answers(DIALECTS[dialect], answer, count)
    except RemoteError:
        return
    numbers = [one for pair in found for one in pair if one is not None]
    if len(found) != count or not all(isinstance(one, float) and 0 <= one <= 1 for one in numbers):
        raise LetIn(f"{found[:20]} for {count} questions")


def make_answer(rng: random.Random) -> tuple[str, Any, int]:
    """An answer as the server of this kind gives it, spoilt."""
    count, dialect = rng.randint(1, 4), rng.choice(list(DIALECTS))
    answer = right_answer(dialect, count)
    for _ in range(rng.randint(1, 3)):
        _spoil(rng, answer)
    return dialect, answer if rng.random() < 0.95 else rng.choice(ODD), count


def right_answer(dialect: str, count: int) -> dict[str, Any]:
    """Half yes, half no, to each question."""
    names = [f"q{place}" for place in range(count)]
    if dialect == "openai":
        return {"answers": [{"name": name, "probability": 0.5} for name in names]}
    return {"answers": {name: {"noul": 0.5, "label_mass": 0.9, "x_label_mass": 0.9} for name in names}}


ENTRIES = [
    Entry("requests", "requests to the service", make_request, check_request, per_second=100),
    Entry("answers", "answers of a server that judges", make_answer, check_answer, per_second=5000),
]
