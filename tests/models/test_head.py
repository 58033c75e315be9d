"""The LM head: a few rows equal the whole, whatever an adapter has put around it."""

import pytest
import torch

from yofo_rerank.models import head
from yofo_rerank.models.build import Budget, from_components
from yofo_rerank.prompts import answer_ids

CLOSE = {"atol": 1e-4, "rtol": 1e-4}


@pytest.fixture
def hidden():
    return torch.randn(3, 5, 48, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("bias", [False, True])
def test_rows_and_sum_equal_the_whole_head(hidden, bias, monkeypatch):
    monkeypatch.setattr(head, "_CHUNK", 7)
    linear = torch.nn.Linear(48, 40, bias=bias).requires_grad_(False)
    whole = linear(hidden)
    assert whole.std() > 0.1
    torch.testing.assert_close(head.head_logits(linear, hidden, [3, 39, 0]), whole[..., [3, 39, 0]], **CLOSE)
    torch.testing.assert_close(head.head_logsumexp(linear, hidden), whole.logsumexp(-1), **CLOSE)


def test_rows_are_multiplied_in_float32(hidden):
    linear = torch.nn.Linear(48, 40, bias=False).requires_grad_(False).bfloat16()
    low = hidden.bfloat16()
    exact = low.float() @ linear.weight.float().T
    assert torch.equal(head.head_logits(linear, low, slice(0, 40)), exact)
    assert (linear(low).float() - exact).abs().max() > 1e-3


def adapted(tiny, **settings):
    """The pair with random LoRA weights."""
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny.model, LoraConfig(r=4, lora_alpha=8, task_type="CAUSAL_LM", **settings)).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model


@pytest.mark.parametrize(
    "settings", [{"target_modules": ["lm_head"]}, {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}]
)
@pytest.mark.parametrize("family", ["qwen2_vl", "qwen3_vl"])
def test_an_adapter_on_the_head_counts(make_tiny, ask, pictured_documents, family, settings):
    tiny = make_tiny(family, tied=False)
    model = adapted(tiny, **settings)
    slots = from_components(model, tiny.processor, "chat-v1", Budget(cache_bytes=0))
    documents = [document for document in pictured_documents if document.image is None]
    texts = ["blue", "not pink"]
    found = ask(slots, documents, texts)
    template, tokens = slots.template(texts), [answer_ids(slots.maker.tokenizer, [word])[0] for word in ("no", "yes")]
    for document, row in zip(documents, found, strict=True):
        ids = torch.tensor([slots.prepare(document).ids + template.ids])
        with torch.inference_mode():
            logits = model(input_ids=ids, mm_token_type_ids=torch.zeros_like(ids)).logits[0, -len(template.ids) :]
            with model.disable_adapter():
                bare = model(input_ids=ids, mm_token_type_ids=torch.zeros_like(ids)).logits[0, -len(template.ids) :]
        at = [slot - 1 for slot in template.slots]
        expected, without = (found[at][:, tokens].diff(dim=1)[:, 0] for found in (logits, bare))
        torch.testing.assert_close(row, expected, **CLOSE)
        assert (without - row).abs().max() > 0.1
