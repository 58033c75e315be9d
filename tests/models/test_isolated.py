"""Isolated attention, on every family: an answer depends on its document and its requirement, and on nothing else."""

import random

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.asking import answer
from yofo_rerank.prompts import Template, token_id

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
TEXTS = ("blue", "not pink", "a hooded top", "with long sleeves and without a chest logo", "red")
WORDS = st.sampled_from(("blue", "not pink", "hooded", "a grey skirt", "<|im_end|>", "striped 👗", "for winter"))


@pytest.fixture
def passes(tiny):
    """Counts the calls of the real module's forward."""
    calls = []
    handle = tiny.model.model.register_forward_hook(lambda *_: calls.append(1))
    yield calls
    handle.remove()


@pytest.fixture(scope="module")
def alone(tiny, slot_model, ask, pictured_documents):
    """`alone(document, text)`: log-odds of one requirement of one document, in a joint template of its own."""
    known = {}

    def logits(document, text):
        if (document.id, text) not in known:
            model = slot_model(tiny, cache_bytes=0)
            known[document.id, text] = ask(model, [document], [text], "joint")[0, 0]
        return known[document.id, text]

    return logits


def test_isolated_equals_each_alone_in_one_pass(tiny, slot_model, ask, pictured_documents, alone, passes):
    together = ask(slot_model(tiny, cache_bytes=0), pictured_documents, TEXTS, "isolated")
    assert len(passes) == (2 if tiny.family in tiny.RECURRENT else 1)
    expected = torch.stack([torch.stack([alone(document, text) for text in TEXTS]) for document in pictured_documents])
    assert together.std(0).mean() > 0.1 and together.std(1).mean() > 0.1  # or every comparison would be trivial
    torch.testing.assert_close(together, expected, **CLOSE)


def test_joint_answers_do_depend_on_their_neighbours(tiny, slot_model, ask, pictured_documents, alone):
    """What the isolated mode is for; if this did not differ, the test above would prove nothing."""
    together = ask(slot_model(tiny, cache_bytes=0), pictured_documents, TEXTS, "joint")
    expected = torch.stack([alone(document, TEXTS[-1]) for document in pictured_documents])
    assert (together[:, -1] - expected).abs().max() > 0.05


def test_behind_kept_states_too(tiny, slot_model, ask, pictured_documents, passes):
    model = slot_model(tiny)
    cold = ask(model, pictured_documents, TEXTS, "isolated")
    warm = ask(model, pictured_documents, TEXTS, "isolated")
    assert len(passes) == (3 if tiny.family in tiny.RECURRENT else 2)
    assert model.cache.stats.hits == len(pictured_documents)
    torch.testing.assert_close(warm, cold, **CLOSE)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_any_neighbours_any_batch(tiny, slot_model, pictured_documents, alone, data):
    texts = data.draw(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3))
    documents = data.draw(st.lists(st.sampled_from(pictured_documents), min_size=1, max_size=6))
    model = slot_model(tiny, max_batch_tokens=data.draw(st.sampled_from((1, 200, 8192))))
    for _ in range(2):  # cold, then behind kept states
        for document, found in zip(documents, answer(model, documents, texts, "isolated"), strict=True):
            for asked, logits in zip(texts, found, strict=True):
                expected = torch.stack([alone(document, text) for text in asked])
                torch.testing.assert_close(torch.tensor([one.log_odds for one in logits]), expected, **CLOSE)


def test_documents_may_be_asked_different_things(tiny, slot_model, pictured_documents, alone, log_odds):
    model = slot_model(tiny)
    rng = random.Random(0)
    texts = [rng.sample(TEXTS, 1 + row % len(TEXTS)) for row in range(len(pictured_documents))]
    asked = [[question.template for question in model.questions(one, "isolated")] for one in texts]
    expected = torch.stack(
        [alone(document, text) for document, one in zip(pictured_documents, texts, strict=True) for text in one]
    )
    torch.testing.assert_close(log_odds(model.read(model.encode(pictured_documents), asked)), expected, **CLOSE)
    prefixes = [model.prepare(document) for document in pictured_documents]
    cold, states = model.encode_and_read(prefixes, asked, keep_states=False)
    assert states == []
    torch.testing.assert_close(log_odds(cold), expected, **CLOSE)


def test_control_tokens_of_one_requirement_do_not_reach_another(tiny, slot_model, pictured_documents, alone, log_odds):
    """Even real ones, which no text can become, ending the turn and opening another."""
    model = slot_model(tiny)
    states = model.encode(pictured_documents)
    [question] = model.questions(["blue"], "isolated")
    control = [token_id(model.maker.tokenizer, token) for token in ("<|im_end|>", "<|im_start|>", "<|auth_start|>")]
    hostile = Template(control * 5, [15], [])
    asked = [[hostile, question.template, hostile]] * len(states)
    found = log_odds(model.read(states, asked)).view(len(states), 3)
    expected = torch.stack([alone(document, "blue") for document in pictured_documents])
    torch.testing.assert_close(found[:, 1], expected, **CLOSE)
    torch.testing.assert_close(found[:, 0], found[:, 2], **CLOSE)
    assert (found[:, 0] - found[:, 1]).abs().max() > 0.05


def test_more_than_fits_into_one_pass_is_read_in_several(tiny, slot_model, ask, pictured_documents, alone, monkeypatch):
    monkeypatch.setattr("yofo_rerank.models.running.MAX_ASKED_TOKENS", 8)
    model = slot_model(tiny, cache_bytes=0)
    together = ask(model, pictured_documents[:2], TEXTS, "isolated")
    assert model.network.passes > 1
    expected = torch.stack([torch.stack([alone(one, text) for text in TEXTS]) for one in pictured_documents[:2]])
    torch.testing.assert_close(together, expected, **CLOSE)


def test_duplicates_are_answered_twice(tiny_qwen3_vl, slot_model, ask, pictured_documents):
    logits = ask(slot_model(tiny_qwen3_vl), pictured_documents, ["blue", "red", "blue"], "isolated")
    assert torch.equal(logits[:, 0], logits[:, 2])
    assert not torch.equal(logits[:, 0], logits[:, 1])


def test_eager_attention_is_the_same(make_tiny, tiny_qwen3_vl, slot_model, ask, pictured_documents):
    tiny = make_tiny("qwen3_vl")
    tiny.model.set_attn_implementation("eager")
    found = ask(slot_model(tiny), pictured_documents, TEXTS, "isolated")
    expected = ask(slot_model(tiny_qwen3_vl), pictured_documents, TEXTS, "isolated")
    torch.testing.assert_close(found, expected, **CLOSE)
