"""How many tokens an answer is said to have taken: those of its own prompt, whatever is kept or asked at one time."""

import base64
import io
import threading

import httpx
import pytest
from PIL import Image

from yofo_rerank import Document, YofoJudge
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.requirements import JudgedDocument

TEXTS, ASKED = ["a pink skirt", "a long green dress with pockets"], ["it is pink", "not green"]
PREFIX = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
BODY = {"model": "mini", "query": "x", "requirements": ASKED, "documents": TEXTS}


def png(width, height):
    file = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture(scope="module")
def count(mini_service):
    """Tokens of a prompt written out, by the tokenizer itself."""
    tokenizer = mini_service[1]._slot_model().maker.tokenizer
    return lambda prompt: len(tokenizer(prompt)["input_ids"])


@pytest.fixture
def golden(count):
    asked = sum(count(f"{text}<|auth_start|>") for text in ASKED)
    return sum(count(PREFIX.format(text)) + asked for text in TEXTS)


def used(url, **change):
    return httpx.post(f"{url}/v1/rerank", json=BODY | change, timeout=60).json()["usage"]["total_tokens"]


def test_it_is_the_tokenizers_count_of_the_prompt(mini_service, golden):
    url, _ = mini_service
    first = httpx.post(f"{url}/v1/rerank", json=BODY, timeout=60).json()
    second = httpx.post(f"{url}/v2/rerank", json=BODY, timeout=60).json()
    assert first["usage"] == {"prompt_tokens": golden, "total_tokens": golden}
    for answer in (first, second):
        assert answer["meta"]["tokens"] == {"input_tokens": golden, "output_tokens": 0}
        assert answer["meta"]["billed_units"] == {"search_units": 1}


def test_system_one(mini_service, count):
    url, _ = mini_service
    questions = {str(place): {"type": "noul", "instructions": text} for place, text in enumerate(ASKED)}
    body = {"model": "mini", "state": TEXTS[0], "questions": questions}
    answer = httpx.post(f"{url}/v1/systemone", json=body, timeout=60).json()
    expected = count(PREFIX.format(TEXTS[0])) + sum(count(f"{text}<|auth_start|>") for text in ASKED)
    assert answer["usage"] == {"input_tokens": expected, "output_tokens": 0}


def test_an_image_counts_as_its_tokens(mini_service, count):
    url, judge = mini_service
    document = {"image": png(120, 90), "text": "grey"}
    grid = judge._slot_model().prepare(Document(image=Image.new("RGB", (120, 90)))).parts[0].grid
    shown = "<|vision_start|>" + "<|image_pad|>" * (grid[0] * grid[1]) + "<|vision_end|>grey"
    expected = count(PREFIX.format(shown)) + count("it is grey<|auth_start|>")
    assert used(url, requirements=["it is grey"], documents=[document]) == expected


def test_what_is_known_is_counted_as_if_it_were_not(mini_service, golden):
    url, _ = mini_service
    assert [used(url) for _ in range(2)] == [golden, golden]
    twice = used(url, documents=TEXTS * 2, requirements=ASKED * 2)
    assert twice == 2 * golden  # each document given; a requirement asked twice is read once


def test_requests_at_one_time_are_counted_as_each_alone(serve):
    judge = YofoJudge.from_pretrained("mini", device="cpu", cache_bytes=2**20)  # a model of its own: nothing is kept
    client = serve(judge=judge, names=("mini",))
    texts = [f"a skirt with {number} pockets" for number in range(8)]
    lists = [[f"it has {number} pockets", "it is red"] for number in range(6)]
    merged, barrier = {}, threading.Barrier(len(lists))

    def ask(place):
        barrier.wait()
        merged[place] = used(str(client.base_url), requirements=lists[place], documents=texts)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(lists))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passes = judge.stats.forward_passes
    other = YofoJudge.from_pretrained("mini", device="cpu", cache_bytes=0, verdicts=False)
    alone = [
        sum(one.n_tokens for one in other.judge_outcomes([Document(text=text) for text in texts], asked))
        for asked in lists
    ]
    assert [merged[place] for place in range(len(lists))] == alone
    assert 0 < passes < other.stats.forward_passes  # they did share


@pytest.mark.parametrize(
    "documents, units, failed", [(["a"] * 100, 1, 0), (["a"] * 101, 2, 0), (["a", {"text": ""}], 1, 1)]
)
def test_search_units_are_coheres_and_a_failed_document_takes_no_tokens(mini_service, documents, units, failed):
    url, _ = mini_service
    meta = httpx.post(f"{url}/v2/rerank", json=BODY | {"documents": documents}, timeout=60).json()["meta"]
    assert len(meta["failures"]) == failed
    assert meta["billed_units"]["search_units"] == units
    assert meta["tokens"]["input_tokens"] == (len(documents) - failed) * used(url, documents=["a"])


def test_they_are_measured(serve):
    judge = YofoJudge.from_pretrained("mini", device="cpu")
    client = serve(judge=judge, names=("mini",))
    total = used(str(client.base_url)) + used(str(client.base_url))
    assert f"yofo_tokens_total {float(total)}" in client.get("/metrics").text


def test_a_judge_that_does_not_count_says_null(serve):
    body = {"model": "m", "query": "pink", "documents": ["a pink skirt"]}
    client = serve()
    answer = client.post("/v1/rerank", json=body).json()
    assert answer["usage"] == {"prompt_tokens": None, "total_tokens": None}
    assert answer["meta"]["tokens"] == {"input_tokens": None, "output_tokens": 0}
    assert "yofo_tokens_total 0.0" in client.get("/metrics").text


def test_a_judge_behind_a_server_says_what_the_server_says(mini_service, serve, golden):
    url, judge = mini_service
    remote = SystemOneJudge(url, model="mini", question="{requirement}")
    here, there = (one.judge_outcomes([Document(text=text) for text in TEXTS], ASKED) for one in (judge, remote))
    assert [one.n_tokens for one in there] == [one.n_tokens for one in here]
    assert sum(one.n_tokens for one in there) == golden
    assert used(str(serve(judge=remote, names=("mini",)).base_url)) == golden


def test_the_count_is_no_part_of_what_was_found():
    assert JudgedDocument(n_tokens=3) == JudgedDocument()
