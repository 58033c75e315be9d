"""What the rerank routes answer, and what they refuse."""

import base64
import io

import pytest
from PIL import Image

GOOD = {"model": "m", "query": "pink", "documents": ["a green dress", "a pink skirt"]}


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_best_first_with_places_of_the_request(serve, path):
    client = serve()
    answer = client.post(path, json=GOOD)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["index"] for one in results] == [1, 0]
    assert results[0]["relevance_score"] > results[1]["relevance_score"]
    assert "judgements" not in results[0]
    assert answer.headers["x-request-id"] == answer.json()["id"]


def test_requirements_scoring_and_reasons(serve):
    body = GOOD | {
        "requirements": ["pink", {"text": "green", "necessity": "should"}],
        "scoring": {"kind": "min"},
        "explain": True,
        "top_n": 1,
    }
    answer = serve().post("/v2/rerank", json=body).json()
    assert len(answer["results"]) == 1
    judgements = answer["results"][0]["judgements"]
    assert [one["requirement"]["text"] for one in judgements] == ["pink", "green"]
    assert answer["results"][0]["relevance_score"] == min(one["p_yes"] for one in judgements)
    assert [one["text"] for one in answer["meta"]["query"]["requirements"]] == ["pink", "green"]


def test_a_failed_document_has_a_reason_and_no_score(serve):
    documents = ["a pink skirt", "broken", {"image": "bm8gaW1hZ2U*"}, {"image": "https://example.com/x.png"}, {}]
    answer = serve().post("/v1/rerank", json=GOOD | {"documents": documents}).json()
    assert [one["index"] for one in answer["results"]] == [0]
    assert [(one["index"], one["code"]) for one in answer["meta"]["failures"]] == [
        (1, "bad_document"),
        (2, "bad_data_uri"),
        (3, "url"),
        (4, "bad_document"),
    ]


@pytest.mark.parametrize("address", ["https://localhost/x.png", "http://images.example/x.png", "https://10.0.0.1/x"])
def test_an_allowed_host_is_still_no_way_inside(serve, address):
    client = serve(image_hosts=("localhost", "images.example", "10.0.0.1"))
    answer = client.post("/v1/rerank", json=GOOD | {"documents": [{"image": address}]}).json()
    assert "results" not in answer
    assert answer["code"] in ("url", "fetch_failed")
    assert answer["code"] == "url" or "localhost" in address


def test_documents_come_back_where_asked(serve):
    documents = ["a pink skirt", {"text": "a pink top"}]
    answer = serve().post("/v1/rerank", json=GOOD | {"documents": documents, "return_documents": True}).json()
    assert [one["document"] for one in answer["results"]] == [{"text": "a pink skirt"}, {"text": "a pink top"}]


def test_images_that_the_client_has_do_not_come_back(serve):
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png('red')}"}}
    words = {"type": "text", "text": "a pink skirt"}
    documents = [{"text": "a pink top", "image": png("red")}, {"content": [part, words]}]
    answer = serve().post("/v1/rerank", json=GOOD | {"documents": documents, "return_documents": True}).json()
    found = {one["index"]: one["document"] for one in answer["results"]}
    assert found == {0: {"text": "a pink top"}, 1: {"content": [words]}}


@pytest.mark.parametrize("path, name", [("/v2/rerank", "max_tokens_per_doc"), ("/v1/rerank", "truncate_prompt_tokens")])
def test_what_has_no_effect_is_said(serve, path, name):
    answer = serve().post(path, json=GOOD | {name: 100}).json()
    assert f"{name} has no effect" in answer["meta"]["warnings"][0]


@pytest.mark.parametrize(
    "path, change, status, named",
    [
        ("/v2/rerank", {"return_documents": True}, 422, "return_documents"),
        ("/v1/rerank", {"priority": 1}, 422, "priority"),
        ("/v1/rerank", {"dokuments": []}, 422, "dokuments"),
        ("/v1/rerank", {"documents": []}, 422, "documents"),
        ("/v1/rerank", {"documents": ["x"] * 1001}, 422, "1001 documents"),
        ("/v1/rerank", {"requirements": ["x"] * 65}, 422, "65 requirements"),
        ("/v1/rerank", {"requirements": [""]}, 422, "requirement"),
        ("/v1/rerank", {"requirements": ["x" * 2000]}, 422, "requirement"),
        ("/v1/rerank", {"scoring": "magic"}, 422, "magic"),
        ("/v1/rerank", {"query": " "}, 422, "query"),
        ("/v1/rerank", {"query": "x" * 6000}, 422, "6,000"),
        ("/v1/rerank", {"query": {"content": [{"type": "image_url", "image_url": {"url": "x"}}]}}, 422, "query"),
        ("/v1/rerank", {"top_n": 0}, 422, "top_n"),
        ("/v1/rerank", {"model": "gpt"}, 404, "known: m"),
        ("/v1/rerank", {"documents": [{"content": [{"type": "video"}]}]}, 422, "documents"),
    ],
)
def test_mistakes_are_named(serve, path, change, status, named):
    client = serve()
    answer = client.post(path, json=GOOD | change)
    assert answer.status_code == status
    assert named in answer.json()["message"]
    assert answer.json()["detail"] == answer.json()["message"]
    assert client.post(path, json=GOOD).status_code == 200  # and the next one is answered


def test_control_tokens_and_odd_unicode_are_texts(serve):
    odd = "<|im_end|>\u202e\u0000 pink 👗 \uff1c|auth_start|\uff1e"
    answer = serve().post("/v1/rerank", json=GOOD | {"documents": [odd, odd], "requirements": [f"{odd} pink"]})
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 2


def test_what_is_no_image_fails_alone_before_a_real_judge(mini_service):
    import httpx

    no_image = base64.b64encode(b"no image at all").decode()
    cut = base64.b64encode(base64.b64decode(png("red"))[:60]).decode()
    parts = {"content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{no_image}"}}]}
    body = {"model": "mini", "query": "x", "requirements": ["it is red"]}
    documents = [{"image": no_image}, {"image": png("red")}, parts, {"image": cut}, {"image": ""}]
    answer = httpx.post(f"{mini_service[0]}/v2/rerank", json=body | {"documents": documents}, timeout=60)
    assert answer.status_code == 200
    assert [one["index"] for one in answer.json()["results"]] == [1]
    failures = answer.json()["meta"]["failures"]
    assert [one["index"] for one in failures] == [0, 2, 3, 4]
    assert [one["code"] for one in failures[:2]] == ["not_an_image"] * 2
    assert all(one["code"] for one in failures)
    again = httpx.post(f"{mini_service[0]}/v2/rerank", json=body | {"documents": documents[1:2]}, timeout=60).json()
    assert again["results"][0]["relevance_score"] == answer.json()["results"][0]["relevance_score"]


def test_images_reach_a_real_model(mini_service):
    import httpx

    from yofo_rerank import Document

    url, judge = mini_service
    documents = [
        {"image": png("red")},
        {"image": f"data:image/png;base64,{png('blue')}", "text": "blue"},
        {"content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png('white')}"}}]},
    ]
    body = {"model": "mini", "query": "x", "requirements": ["it is red"], "documents": documents, "explain": True}
    answer = httpx.post(f"{url}/v1/rerank", json=body, timeout=60).json()
    ours = judge.judge(
        [
            Document(image=Image.new("RGB", (40, 40), "red")),
            Document(image=Image.new("RGB", (40, 40), "blue"), text="blue"),
            Document(image=Image.new("RGB", (40, 40), "white")),
        ],
        ["it is red"],
    )
    for result in answer["results"]:
        expected = ours[result["index"]][0].p_yes
        assert result["judgements"][0]["p_yes"] == pytest.approx(expected, abs=1e-5)
    assert len({one["relevance_score"] for one in answer["results"]}) == 3
