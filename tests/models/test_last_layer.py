"""What is left out of the last layer is needed by nobody: fast equals whole."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from yofo_rerank.models import network as network_module
from yofo_rerank.models.families import get_family
from yofo_rerank.models.last_layer import can_be_narrowed, only_at

TEXTS = ("blue", "not pink", "a hooded top")


def last_layer(model):
    return model.get_submodule(get_family(model.config).language_model).layers[-1]


def everything(model, documents):
    """Logits cold, states, and logits behind the states."""
    asked = [[one.template for one in model.questions(TEXTS, "isolated")] for _ in documents]
    prefixes = [model.prepare(document) for document in documents]
    cold, states = model.encode_and_read(prefixes, asked, keep_states=True)
    return cold, states, model.read(states, asked), model.encode(documents)


def test_fast_equals_whole(tiny, slot_model, pictured_documents, monkeypatch):
    model = slot_model(tiny)
    fast = everything(model, pictured_documents)
    monkeypatch.setattr(network_module, "can_be_narrowed", lambda _: False)
    whole = everything(model, pictured_documents)
    assert whole[0].std() > 0.05
    torch.testing.assert_close(fast[0], whole[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(fast[2], whole[2], atol=1e-4, rtol=1e-4)
    for found, expected in ((fast[1], whole[1]), (fast[3], whole[3])):
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one.keys_values, other.keys_values, atol=1e-4, rtol=1e-4)


def test_the_last_mlp_sees_slots_alone(tiny, slot_model, pictured_documents):
    model, rows = slot_model(tiny), []
    hook = last_layer(tiny.model).mlp.register_forward_pre_hook(lambda _, given: rows.append(given[0].shape[:-1]))
    try:
        everything(model, pictured_documents)
    finally:
        hook.remove()
    n_slots = len(TEXTS) * len(pictured_documents)
    assert rows.count((1, n_slots)) == 2
    assert set(rows) == {(1, n_slots), (1, 1)}  # the latter encoding alone: nobody reads


def test_somebody_elses_forward_stays(make_tiny, slot_model, pictured_documents):
    tiny = make_tiny("qwen3_vl")
    layer, calls = last_layer(tiny.model), []
    whole = layer.forward
    layer.forward = lambda *given, **named: calls.append(1) or whole(*given, **named)  # as accelerate does
    assert not can_be_narrowed(layer)
    everything(slot_model(tiny), pictured_documents[:1])
    assert len(calls) == 3


def test_it_ends_with_the_block_and_is_of_one_thread(tiny_qwen3_vl):
    layer = last_layer(tiny_qwen3_vl.model)
    hidden, rotations = torch.randn(2, 5, 48), (torch.ones(2, 5, 16), torch.zeros(2, 5, 16))
    places = torch.tensor([1, 0]), torch.tensor([4, 2])

    @torch.inference_mode()
    def run():
        return layer(hidden, position_embeddings=rotations, attention_mask=None)

    expected = run()
    with only_at(layer, places):
        found = run()
        with ThreadPoolExecutor(1) as pool:
            elsewhere = pool.submit(run).result()
    assert expected.std() > 0.1
    torch.testing.assert_close(found[0], expected[places], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(elsewhere, expected)
    with pytest.raises(KeyError), only_at(layer, places):
        raise KeyError
    assert "forward" not in vars(layer)
