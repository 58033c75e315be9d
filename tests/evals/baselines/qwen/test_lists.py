"""Several candidates in one prompt: what is written is parsed strictly, and orders come out of windows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evals.baselines.checks import score_counting
from evals.baselines.listwise import ListScorer, read_numbers, slide
from evals.baselines.qwen_formats import LAMRA_LIST, MM_R5, UNIME_LIST
from evals.baselines.registry import get_baseline
from tests.evals.baselines.qwen.conftest import FAMILY, WORDS
from tests.evals.baselines.qwen.messages import QUERY
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.models.network import Network


@pytest.mark.parametrize(
    ("layout", "written", "numbers"),
    [
        (LAMRA_LIST, "Ans: (2)", [2]),
        (LAMRA_LIST, " Ans: (2)\n", [2]),
        (LAMRA_LIST, "Ans: (2", []),
        (LAMRA_LIST, "The answer is (2)", []),
        (LAMRA_LIST, "Ans: (4)", []),  # of three
        (LAMRA_LIST, "Ans: (0)", []),
        (LAMRA_LIST, "Ans: (22)", []),
        (LAMRA_LIST, "Ans: (²)", []),
        (LAMRA_LIST, "", []),
        (UNIME_LIST, "The best is (3).", [3]),
        (UNIME_LIST, "3", []),
        (MM_R5, "<think>Image 3 is\nbest</think><answer>[3, 1,2]</answer>", [3, 1, 2]),
        (MM_R5, "<answer>[3, 3, 1]</answer>", [3, 1]),  # each once
        (MM_R5, "<answer>[7, 2]</answer>", [2]),  # beyond the candidates
        (MM_R5, "<answer>[7]</answer>", []),
        (MM_R5, "<answer>[]</answer>", []),
        (MM_R5, "<answer>[a, 1]</answer>", []),
        (MM_R5, "<answer>[-1, 1]</answer>", []),
        (MM_R5, "<answer>1, 2</answer>", []),
        (MM_R5, "<think>I cannot", []),
    ],
)
def test_written_answers(layout, written, numbers):
    assert read_numbers(layout, written, 3) == numbers


@given(st.text(), st.integers(1, 12))
def test_any_text_is_read_or_refused(written, count):
    for layout in (LAMRA_LIST, UNIME_LIST, MM_R5):
        for said in (written, f"Ans: ({written})", f"<answer>[{written}]</answer>"):
            numbers = read_numbers(layout, said, count)
            assert len(set(numbers)) == len(numbers)
            assert all(1 <= number <= count for number in numbers)


@given(st.permutations(range(12)), st.integers(2, 6))
def test_windows_lose_nothing_and_bring_the_best_to_the_front(values, window):
    order = slide(lambda places: sorted(places, key=values.__getitem__), 12, window, max(1, window // 2))
    assert sorted(order) == list(range(12))
    assert values[order[0]] == 0


def test_few_are_one_window():
    assert slide(lambda places: places[::-1], 3, 5, 2) == [2, 1, 0]
    assert slide(lambda places: places, 1, 5, 2) == [0]
    assert slide(lambda places: places, 0, 5, 2) == []


def teach(tiny, laid, answer, patcher):
    """Train a tiny model until it writes that answer behind that prompt."""
    tokenizer = tiny.processor.tokenizer
    end = tokenizer(answer + "<|im_end|>", add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[*laid.ids, *end]])
    image_token = tiny.model.config.image_token_id
    inputs = {
        "input_ids": ids,
        "mm_token_type_ids": (ids == image_token).int(),
        "pixel_values": patcher.values(laid.prefix.pictures),
        "image_grid_thw": torch.tensor(laid.prefix.grids),
        "labels": torch.cat([torch.full((1, len(laid.ids)), -100), torch.tensor([end])], dim=1),
    }
    optimizer = torch.optim.Adam(tiny.model.parameters(), lr=3e-3)
    for _ in range(150):
        loss = tiny.model(**inputs).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss < 0.02:
            break
    assert loss < 0.1


@pytest.fixture(scope="module")
def taught(make_tiny, saved_model, tmp_path_factory, scorer):
    """`taught(name, documents, answer)`: a saved tiny model that answers so, loaded through the record."""

    def make(name, documents, answer):
        tiny = make_tiny(FAMILY[name], words=WORDS)
        untaught = scorer(name)
        teach(tiny, untaught.lay_out(QUERY, documents), answer, untaught.model.maker.patcher)
        tiny.model.generation_config.update(do_sample=True, temperature=5.0, repetition_penalty=3.0)  # must not count
        return get_baseline(name).load(str(saved_model(tiny, tmp_path_factory.mktemp(name))))

    return make


@pytest.fixture(scope="module")
def three(make_image):
    return [Document(image=make_image(32, 32, seed), id=str(seed)) for seed in range(3)]


def test_lamra_writes_the_best_and_its_digits_order_the_others(taught, three):
    one = taught("lamra-rank-listwise", three, "Ans: (2)")
    scores = one.score(QUERY, three)
    assert scores[1] == 0.0
    assert sorted(scores) == [-2.0, -1.0, 0.0]
    laid = one.lay_out(QUERY, three)
    tokenizer, network = one.model.maker.tokenizer, one.model.network
    ids = torch.tensor([[*laid.ids, *tokenizer("Ans: (", add_special_tokens=False)["input_ids"]]])
    with torch.inference_mode():
        logits = network.model(
            input_ids=ids,
            mm_token_type_ids=(ids == network.model.config.image_token_id).int(),
            pixel_values=one.model.maker.patcher.values(laid.prefix.pictures),
            image_grid_thw=torch.tensor(laid.prefix.grids),
        ).logits[0, -1]
    digits = logits[[tokenizer.convert_tokens_to_ids(digit) for digit in "123"]]
    assert scores == [-float(rank) for rank in digits.argsort(descending=True).argsort()]


def test_mm_r5_writes_the_order(taught, three):
    one = taught("mm-r5", three, "<think>ok</think><answer>[3, 1]</answer>")
    assert one.score(QUERY, three) == [-1.0, -2.0, 0.0]


@pytest.mark.parametrize("name", ["lamra-rank-listwise", "unime-v2-reranker-listwise", "mm-r5"])
def test_what_cannot_be_read_is_a_failure(name, scorer, three):
    untaught = scorer(name)
    one = ListScorer(untaught.model, replace(untaught.layout, max_new_tokens=6))
    with pytest.raises(ModelError, match="the model wrote") as caught:
        one.score(QUERY, three)
    assert caught.value.code == "unparsable"
    assert score_counting(one, QUERY, three).failures == 3


def test_mm_r5_reads_pictures_alone(scorer, told):
    with pytest.raises(DocumentError, match="nothing that this model reads"):
        scorer("mm-r5").score(QUERY, told)


def test_the_head_is_read_where_the_slot_is(scorer, three, monkeypatch):
    """No slot scorer goes around the network."""
    called = []
    run = Network.run_prefixes
    monkeypatch.setattr(Network, "run_prefixes", lambda *given, **named: called.append(1) or run(*given, **named))
    scorer("lamra-rank").score(QUERY, three)
    assert called == [1]
