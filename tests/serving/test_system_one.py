"""`/v1/systemone`, asked by hand and by our own judge over HTTP."""

import pytest
from PIL import Image

from yofo_rerank import Document
from yofo_rerank.judges import SystemOneJudge

QUESTION = {"type": "noul", "instructions": "pink"}
GOOD = {"model": "m", "state": "a pink skirt", "questions": {"a": QUESTION}}


def test_one_answer_for_each_question(serve):
    body = GOOD | {"questions": {"a": QUESTION, "b": {"type": "noul", "instructions": "green"}}}
    assert serve().post("/v1/systemone", json=body).json()["answers"] == {
        "a": {"type": "noul", "noul": 0.9},
        "b": {"type": "noul", "noul": 0.1},
    }


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
        ({"images": ["data:image/png;base64,QUJD"] * 2}, "2"),
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
    ]
    asked = ["it is red", "not red", "has pockets"]
    remote = SystemOneJudge(url, model="mini", dialect=dialect, question="{requirement}")
    for outcome, ours in zip(remote.judge_outcomes(documents, asked), judge.judge(documents, asked), strict=True):
        assert outcome.failure is None
        assert [one.p_yes for one in outcome.judgements] == pytest.approx([one.p_yes for one in ours], abs=1e-5)
