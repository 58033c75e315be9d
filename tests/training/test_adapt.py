"""What learns: the language model's linear layers and four rows of the embedding, nothing else."""

import copy

import pytest
import torch

from yofo_rerank.training.adapt import add_lora, initialise_rows, train_everything
from yofo_rerank.training.config import LoraSettings


def token_ids(maker):
    return [maker.tokenizer.convert_tokens_to_ids(token) for token in maker.layout.special_tokens]


def test_lora_is_on_the_language_model_alone(family, loaded):
    model, maker = loaded(family)
    adapted = add_lora(model, LoraSettings(rank=4), token_ids(maker))
    trained = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    lora = [name for name in trained if "lora_" in name]
    assert len(lora) == model.config.text_config.num_hidden_layers * 7 * 2  # projections, A and B
    assert all("language_model.layers" in name for name in lora)
    assert [name for name in trained if name not in lora] == [
        "base_model.model.model.language_model.embed_tokens.token_adapter.trainable_tokens_delta.default"
    ]


def test_adapters_are_float32_over_a_bfloat16_base(loaded):
    model, maker = loaded("qwen3_vl")
    adapted = add_lora(model.to(torch.bfloat16), LoraSettings(rank=4), token_ids(maker))
    assert {p.dtype for p in adapted.parameters() if p.requires_grad} == {torch.float32}
    assert {p.dtype for p in adapted.parameters() if not p.requires_grad} == {torch.bfloat16}


def test_only_the_new_rows_change_in_both_tied_embeddings(family, loaded):
    model, maker = loaded(family)
    before = model.get_input_embeddings().weight.detach().clone()
    ids = token_ids(maker)
    adapted = add_lora(model, LoraSettings(rank=4), ids)
    optimizer = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], lr=0.1)
    adapted(input_ids=torch.tensor([[5, *ids, 7]])).logits.float().logsumexp(-1).sum().backward()
    optimizer.step()
    merged = adapted.merge_and_unload()
    after = merged.get_input_embeddings().weight.detach()
    changed = (after != before).any(dim=1).nonzero().flatten().tolist()
    assert changed == sorted(ids)
    assert torch.equal(merged.get_output_embeddings().weight, after)


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_train_everything(family, loaded, freeze_vision):
    model, _ = loaded(family)
    train_everything(model, freeze_vision=freeze_vision)
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {name for name, _ in model.named_parameters() if ".visual." in name and freeze_vision}


def test_rows_without_a_value_get_one_and_trained_rows_keep_theirs(loaded):
    model, _ = loaded("qwen3_vl")
    weight = model.get_input_embeddings().weight
    with torch.no_grad():
        weight[[10, 11]] = 0
    before = copy.deepcopy(weight.detach())
    initialise_rows(model, [10, 11, 12])
    changed = (weight != before).any(dim=1).nonzero().flatten().tolist()
    assert changed == [10, 11]
    size = before.norm(dim=1).median()
    assert 0.3 * size < weight[10].norm() < 3 * size
    assert not torch.equal(weight[10], weight[11])
