"""`/v1/systemone`, asked by hand and by our own judge over HTTP."""

import base64
import io
import json
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image

from yofo_rerank import Document
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.serving.documents import Fetching
from yofo_rerank.serving.system_one_api import SystemOne, to_document

QUESTION = {"type": "noul", "instructions": "pink"}
_OUT = io.BytesIO()
Image.new("RGB", (4, 3), "red").save(_OUT, "PNG")
PNG = base64.b64encode(_OUT.getvalue()).decode()
GOOD = {"model": "m", "state": "a pink skirt", "questions": {"a": QUESTION}}


def test_one_answer_for_each_question(serve):
    body = GOOD | {"questions": {"a": QUESTION, "b": {"type": "noul", "instructions": "green"}}}
    assert serve().post("/v1/systemone", json=body).json()["answers"] == {
        "a": {"type": "noul", "noul": 0.9},
        "b": {"type": "noul", "noul": 0.1},
    }


def test_an_asset_may_say_what_it_is_as_transformers_takes_it(mini_service):
    page = (Path(__file__).parents[2] / "docs/how-to/decision-models.md").read_text(encoding="utf-8")
    body = json.loads(re.search(r"-d '(\{.*?\})'\n", page, re.DOTALL)[1].replace('"..."', f'"{PNG}"'))
    assert body["assets"]["photo"].keys() == {"type", "format", "data_base64"}
    url = f"{mini_service[0]}/v1/systemone"
    said = httpx.post(url, json=body | {"model": "mini"}, timeout=60)
    bare = httpx.post(url, json=body | {"model": "mini", "assets": {"photo": {"data_base64": PNG}}}, timeout=60)
    assert said.status_code == 200
    assert said.json()["answers"] == bare.json()["answers"]
    body["assets"]["photo"]["type"] = "video"
    refused = httpx.post(url, json=body | {"model": "mini"}, timeout=60)
    assert (refused.status_code, "assets.photo.type" in refused.json()["message"]) == (422, True)


@pytest.mark.parametrize(
    "change, named",
    [
        ({"questions": {"a": {"type": "choice", "criteria": {"x": None}}}}, "questions.a.type"),
        ({"questions": {"a": {"type": "score", "criteria": ["x"]}}}, "questions.a.type"),
        ({"questions": {"a": QUESTION | {"criteria": {"true": "ads"}}}}, "questions.a.criteria"),
        ({"questions": {"a": QUESTION | {"weight": 1}}}, "questions.a.weight"),
        ({"questions": {}}, "questions"),
        ({"documents": ["x"]}, "documents"),
        ({"state": "broken"}, "it is broken"),
        ({"assets": {"img": {"data_base64": "QUJD"}}}, "img"),
        ({"images": ["data:image/png;base64,QUJD"] * 65}, "65"),
        ({"images": ["/etc/passwd"]}, "base64"),
    ],
)
def test_mistakes_are_named(serve, change, named):
    answer = serve().post("/v1/systemone", json=GOOD | change)
    assert answer.status_code == 422
    assert named in answer.json()["message"]


@pytest.mark.parametrize("dialect", ["transformers", "vllm", "sglang"])
def test_our_judge_over_http_says_what_the_model_says(mini_service, dialect):
    url, judge = mini_service
    documents = [
        Document(image=Image.effect_noise((60, 60), 90).convert("RGB")),
        Document(image=Image.new("RGB", (50, 70), "red"), text="a red top"),
        Document(text="a pink skirt"),
        Document(images=[Image.new("RGB", (40, 40), "red"), Image.effect_noise((60, 40), 90).convert("RGB")]),
        Document(images=[Image.effect_noise((60, 40), 90).convert("RGB"), Image.new("RGB", (40, 40), "red")], text="a"),
    ]
    asked = ["it is red", "not red", "has pockets"]
    remote = SystemOneJudge(url, model="mini", dialect=dialect, question="{requirement}")
    for outcome, ours in zip(remote.judge_outcomes(documents, asked), judge.judge(documents, asked), strict=True):
        assert outcome.failure is None
        assert [one.p_yes for one in outcome.judgements] == pytest.approx([one.p_yes for one in ours], abs=1e-5)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("img grey skirt", "grey skirt"),
        ({"image": "img", "text": "grey skirt"}, "grey skirt"),
        ({"text": "grey skirt", "image": "img"}, "grey skirt"),
        ({"image": "img"}, None),
        ({"photo": "img", "price": 5}, '{"photo": "", "price": 5}'),
    ],
)
def test_a_state_is_the_document_that_our_decision_template_lays_out(state, text):
    body = GOOD | {"state": state, "assets": {"img": {"data_base64": PNG}}}
    document = to_document(SystemOne.model_validate(body), Fetching())
    assert document.text == text
    assert document.load_image().size == (4, 3)
