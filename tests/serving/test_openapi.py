"""`/openapi.json` can be read by a program: every reference leads somewhere, and errors are described as they come."""

import pytest
from fastapi.testclient import TestClient

from tests.serving.conftest import TextJudge
from tests.serving.test_hostile import GOOD
from yofo_rerank.serving import ServeSettings
from yofo_rerank.serving.app import create_app
from yofo_rerank.serving.errors import STATUS


@pytest.fixture
def client():
    with TestClient(create_app(TextJudge(), ServeSettings(names=("m",)))) as client:
        yield client


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        yield from value.get("discriminator", {}).get("mapping", {}).values()
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere(client):
    described = client.get("/openapi.json").json()
    found = set(references(described))
    assert {one.rsplit("/", 1)[1] for one in found} >= {"TextOrImage", "ImagePart", "Requirement", "Noul", "Problem"}
    for reference in found:
        at = described
        start, *path = reference.split("/")
        assert start == "#"
        for name in path:
            at = at[name]
        assert at
    assert "$defs" not in str(described)


def test_errors_are_described_as_they_come(client):
    described = client.get("/openapi.json").json()
    problem = described["components"]["schemas"]["Problem"]
    for path in ("/v1/rerank", "/v2/rerank", "/v1/systemone"):
        told = described["paths"][path]["post"]["responses"]
        assert set(told) >= {"200", "401", "404", "413", "415", "422", "429", "500", "502", "503", "504"}
        assert {str(status) for status in STATUS.values()} <= set(told)
        answer = client.post(path, json=GOOD | {"dokuments": []})
        schema = told[str(answer.status_code)]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}
        assert set(answer.json()) == set(problem["required"])
