"""Where the LM head has weights of its own, the special tokens' rows of it are learnt, saved, loaded and merged."""

import json

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from yofo_rerank.errors import AdapterMismatch
from yofo_rerank.models.loading import load_model
from yofo_rerank.prompts import token_id
from yofo_rerank.training import TrainConfig, train
from yofo_rerank.training.collator import ABSENT, LABELS, STOOD_IN, Collator
from yofo_rerank.training.data import load_data
from yofo_rerank.training.prepare import prepare_parts
from yofo_rerank.training.run import build_trainer, example_encoder

FAMILIES = ("qwen2_5_vl", "qwen3_vl")
KEYS = {"batch_size": 4, "gradient_accumulation": 1, "workers": 0, "device": "cpu", "progress": False, "plot": False}
KEYS |= {"lora": {"rank": 4, "alpha": 8, "dropout": 0.0}, "learning_rate": 2e-2, "attention": "joint"}
KEY = "base_model.model.lm_head.token_adapter.trainable_tokens_delta"


@pytest.fixture
def config(make_tiny, saved_model, toy, tmp_path):
    def make(family, **keys):
        tiny = make_tiny(family, tied=False)
        with torch.no_grad():
            tiny.model.lm_head.weight[-60:] = 0  # unused rows, as those of the real models: near 0
        base = str(saved_model(tiny, tmp_path / "base"))
        return TrainConfig(model=base, train_file=toy, output_dir=tmp_path / "out", **KEYS | keys)

    return make


def end_loss(model, batch, end):
    """Cross-entropy of the token that ends a reason."""
    row, column = torch.nonzero(batch["reason_tokens"] == end, as_tuple=True)
    assert len(row) > 4
    forward = {name: tensor for name, tensor in batch.items() if name not in (*LABELS, STOOD_IN)}
    with torch.no_grad():
        logits = model(**forward).logits[row, batch["reason_positions"][row, column]]
    return float(F.cross_entropy(logits, torch.full((len(row),), end)))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_end_of_a_reason_is_learnt(config, family):
    settings = config(family, epochs=12)
    parts = prepare_parts(settings)
    encoder = example_encoder(settings, parts)
    data = load_data(settings, encoder)
    trainer, trained = build_trainer(settings, data, parts)
    batch = Collator(encoder)([data.train[index] for index in range(16)])
    end = token_id(parts.maker.tokenizer, "<|reason_end|>")
    assert (batch["reason_tokens"] != ABSENT).any()
    before = end_loss(trained.model.eval(), batch, end)
    trainer.train()
    after = end_loss(trained.model.eval(), batch, end)
    assert before > 2
    assert after < 0.2


@pytest.mark.parametrize("family", FAMILIES)
def test_the_rows_come_back_merged(config, family):
    settings = config(family, max_steps=4)
    folder = train(settings).folder
    weights = load_file(folder / "adapter_model.safetensors")
    ids = json.loads((folder / "adapter_config.json").read_text())["trainable_token_indices"]
    assert ids["lm_head"] == ids["embed_tokens"]
    base = load_model(settings.model, format_name="yofo-v1", device="cpu").model
    loaded = load_model(settings.model, adapter=str(folder), device="cpu").model
    head, bare = loaded.lm_head.weight, base.lm_head.weight
    assert type(loaded.lm_head) is torch.nn.Linear  # merged, nothing wrapped
    torch.testing.assert_close(head[ids["lm_head"]], weights[KEY])
    changed = (head != bare).any(dim=1).nonzero().flatten().tolist()
    assert changed == ids["lm_head"]
    assert not torch.equal(head[ids["lm_head"]], loaded.get_input_embeddings().weight[ids["lm_head"]])


def test_an_adapter_without_its_head_rows_is_no_match(config):
    settings = config("qwen3_vl", max_steps=1)
    folder = train(settings).folder
    weights = load_file(folder / "adapter_model.safetensors")
    del weights[KEY]
    save_file(weights, folder / "adapter_model.safetensors")
    with pytest.raises(AdapterMismatch):
        load_model(settings.model, adapter=str(folder), device="cpu")
