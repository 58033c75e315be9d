"""A key twice in one object is refused by name: what counts would depend on who reads."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.serving.test_hostile import GOOD
from tests.serving.test_large_bodies import STATE
from yofo_rerank.serving.keys_once import repeated_key

JSON = {"Content-Type": "application/json"}


def doubled(body, key, again):
    """The body with a further value under a key that it has, in front."""
    return b"{" + f"{key}: {json.dumps(again)}, ".encode() + json.dumps(body).encode()[1:]


@pytest.mark.parametrize(
    "path, body, key, named",
    [
        ("/v1/rerank", GOOD, '"query"', "query"),
        ("/v2/rerank", GOOD, '"query"', "query"),
        ("/v2/rerank", GOOD, '"\\u0071uery"', "query"),
        ("/v1/systemone", STATE, '"state"', "state"),
    ],
)
def test_it_is_refused_by_every_route(serve, text_judge, path, body, key, named):
    client = serve()
    answer = client.post(path, content=doubled(body, key, "red"), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_key")
    assert f"'{named}'" in answer.json()["message"]
    assert text_judge.asked == []
    assert client.post(path, json=body).status_code == 200


def test_it_is_refused_within_parts(serve):
    question = b'{"type": "noul", "instructions": "pink", "instructions": "red"}'
    body = b'{"model": "m", "state": {"a": [1, {"b": 2}]}, "questions": {"a": ' + question + b"}}"
    answer = serve().post("/v1/systemone", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_key")
    assert "'instructions'" in answer.json()["message"]


class Pairs(list):
    """An object as its pairs."""


WORDS = st.text('ab"\\{}:, \u00e9', max_size=3)
VALUES = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(WORDS, inner), max_size=4).map(Pairs),
    max_leaves=12,
)


def written(value, ascii_only):
    if isinstance(value, Pairs):
        pairs = (f"{json.dumps(key, ensure_ascii=ascii_only)} :{written(one, ascii_only)}" for key, one in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(one, ascii_only) for one in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


@given(VALUES, st.booleans())
@example(Pairs([("a", "a"), ("b", Pairs([("a", 1)])), ("c", ["a", "a"])]), False)
@example(Pairs([("a", Pairs([("b", 1), ("b", 2)]))]), False)
def test_it_is_found_exactly_where_a_reader_of_pairs_finds_it(value, ascii_only):
    repeated = set()

    def look(pairs):
        keys = [key for key, _ in pairs]
        repeated.update(key for key in keys if keys.count(key) > 1)

    text = written(value, ascii_only)
    json.loads(text, object_pairs_hook=look)
    found = repeated_key(text.encode())
    assert (found is None) == (not repeated)
    assert found is None or found in repeated
