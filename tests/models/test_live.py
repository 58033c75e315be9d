"""Components that somebody else goes on changing: nothing of before is used."""

import pytest
import torch

from yofo_rerank.models.live import LiveWeights

TEXTS = ["blue", "not pink"]


@pytest.fixture
def switchable(make_tiny):
    """A PeftModel with two adapters of random weights, and its processor."""
    from peft import LoraConfig, get_peft_model

    tiny = make_tiny("qwen3_vl")
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    model = get_peft_model(tiny.model, config, adapter_name="one").eval()
    model.add_adapter("two", config)
    return type(tiny)(tiny.family, model, tiny.processor)


def changes(model):
    """What a user may do between two calls, each of which changes the answers."""
    base, layer = model.get_base_model(), model.get_base_model().model.language_model.layers[0]
    yield lambda: model.set_adapter("two")
    yield lambda: model.set_adapter("one")
    yield model.base_model.disable_adapter_layers
    yield model.base_model.enable_adapter_layers
    yield model.merge_adapter
    yield lambda: layer.mlp.down_proj.weight.mul_(1.5)
    yield lambda: setattr(layer.mlp.down_proj.weight, "data", layer.mlp.down_proj.weight.data * 1.5)
    yield lambda: base.load_state_dict({name: tensor * 1.1 for name, tensor in base.state_dict().items()})


def test_changed_weights_and_switched_adapters_are_noticed(switchable, slot_model, ask, pictured_documents):
    kept = slot_model(switchable)
    before = ask(kept, pictured_documents, TEXTS)
    for number, change in enumerate(changes(switchable.model)):
        with torch.no_grad():
            change()
        after = ask(kept, pictured_documents, TEXTS)
        fresh = ask(slot_model(switchable, cache_bytes=0), pictured_documents, TEXTS)
        torch.testing.assert_close(after, fresh, atol=1e-4, rtol=1e-4)
        assert number == 4 or (after - before).abs().max() > 1e-3  # merging changes the way, not the answers
        before = after
    assert kept.cache.stats.hits == 2 * len(pictured_documents)  # the first adapter again, and on again
    ask(kept, pictured_documents, TEXTS)
    assert kept.cache.stats.hits == 3 * len(pictured_documents)


def test_a_step_of_training_is_a_change(switchable):
    live = LiveWeights(switchable.model)
    before = live.version()
    assert live.version() == before
    trained = [parameter for parameter in switchable.model.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.grad = torch.ones_like(parameter)
    torch.optim.SGD(trained, lr=0.1).step()
    assert live.version() != before


def test_memory_that_is_used_again_is_a_change_too():
    layer = torch.nn.Linear(8, 8)
    live = LiveWeights(layer)
    seen = {live.version()}
    one, other = layer.weight.data, layer.weight.data.clone()
    for data in (other, one, other):
        layer.weight.data = data
        seen.add(live.version())
    assert len(seen) == 4
