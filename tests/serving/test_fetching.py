"""Images that are fetched for a request: no more than allowed, and none for a client that nobody waits for."""

import time

import pytest

from tests.serving.test_hostile import GOOD, is_fine
from tests.serving.test_large_bodies import STATE

HOST = "images.example"
ADDRESS = f"https://{HOST}/x.png"


@pytest.fixture
def fetched(monkeypatch):
    """Addresses that were asked for; each takes 0.2 s, and none has an image."""
    asked = []

    def slow(address):
        asked.append(address)
        time.sleep(0.2)
        return b"no image"

    monkeypatch.setattr("yofo_rerank.serving.documents.fetch_image", slow)
    return asked


PARTS = {"content": [{"type": "image_url", "image_url": {"url": ADDRESS}}] * 40}


@pytest.mark.parametrize(
    "path, body",
    [
        ("/v2/rerank", GOOD | {"documents": [{"image": ADDRESS}] * 40}),
        ("/v1/rerank", GOOD | {"documents": [PARTS]}),
        ("/v1/systemone", STATE | {"images": [ADDRESS] * 40}),
    ],
)
def test_nothing_is_fetched_beyond_the_deadline(serve, fetched, path, body):
    client = serve({"deadline": 2, "running": 1}, image_hosts=(HOST,))
    assert client.post(path, json=body).status_code == 504
    time.sleep(0.5)
    soon = len(fetched)
    time.sleep(1)
    assert 0 < len(fetched) == soon < 30
    assert is_fine(client)


@pytest.mark.parametrize(
    "path, body",
    [
        ("/v1/rerank", GOOD | {"documents": [{"image": ADDRESS}] * 3 + [{"content": PARTS["content"][:2]}]}),
        ("/v1/systemone", STATE | {"images": [ADDRESS] * 4 + [{"url": ADDRESS}]}),
        ("/v1/systemone", STATE | {"state": "abcde", "assets": {name: {"data_base64": ADDRESS} for name in "abcde"}}),
    ],
)
def test_addresses_of_one_request_are_counted_before_any_is_fetched(serve, fetched, path, body):
    client = serve({"max_fetched": 4}, image_hosts=(HOST,))
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_addresses")
    assert fetched == []
    assert is_fine(client)


def test_where_nothing_is_fetched_each_address_fails_alone(serve, fetched):
    answer = serve({"max_fetched": 1}).post("/v1/rerank", json=GOOD | {"documents": [{"image": ADDRESS}] * 3 + ["a"]})
    assert [one["code"] for one in answer.json()["meta"]["failures"]] == ["url"] * 3
    assert [one["index"] for one in answer.json()["results"]] == [3]
    assert fetched == []


def test_what_is_no_address_is_not_counted(serve, fetched):
    documents = [{"image": "QUJD"}, {"image": "data:image/png;base64,QUJD"}, ADDRESS, "a pink skirt"]
    client = serve({"max_fetched": 1}, image_hosts=(HOST,))
    assert client.post("/v1/rerank", json=GOOD | {"documents": documents}).status_code == 200
    assert fetched == []
