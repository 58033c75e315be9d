import torch

from yofo_rerank.models.fingerprint import base_fingerprint, is_same_base
from yofo_rerank.models.tokens import add_special_tokens


def test_survives_another_dtype_and_added_tokens(make_tiny):
    tiny = make_tiny("qwen3_vl")
    fingerprint = base_fingerprint(tiny.model)
    tiny.model.resize_token_embeddings(len(tiny.processor.tokenizer) + 1)
    add_special_tokens(tiny.processor.tokenizer, tiny.model)
    assert base_fingerprint(tiny.model) == fingerprint
    assert base_fingerprint(tiny.model.to(torch.bfloat16)) == fingerprint


def test_tells_weights_and_shapes_apart(make_tiny):
    models = [make_tiny("qwen2_vl").model, make_tiny("qwen2_vl", seed=1).model, make_tiny("qwen2_5_vl").model]
    prints = [base_fingerprint(model) for model in models]
    assert len(set(prints)) == 3
    assert prints[0].split("-")[0] == prints[1].split("-")[0] != prints[2].split("-")[0]
    assert not is_same_base(prints[0], prints[1])


def test_weights_that_lie_elsewhere_are_not_compared(make_tiny):
    model = make_tiny("qwen2_vl").model
    whole = base_fingerprint(model)
    model.get_input_embeddings().weight.data = torch.empty(0)  # as under ZeRO-3
    assert base_fingerprint(model).endswith("-")
    assert is_same_base(whole, base_fingerprint(model))
