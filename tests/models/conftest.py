"""Slot models around the tiny models."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def slot_model():
    """`slot_model(tiny, cache_bytes=0)`: a fresh SlotModel of the trained format."""
    from yofo_rerank.models.build import Budget, from_components

    def make(tiny, format_name="yofo-v1", **budget):
        return from_components(
            tiny.model,
            tiny.processor,
            format_name,
            Budget(**({"max_batch_tokens": 8192} | budget)),  # all in one batch
        )

    return make


@pytest.fixture(scope="session")
def ask():
    """`ask(model, documents, texts, attention)`: log-odds of all documents in one tensor  # (docs, slots)."""
    import torch

    from tests.models.asking import answer

    def answers(model, documents, texts=("blue", "not pink", "a hooded top"), attention="joint"):
        found = answer(model, documents, [texts], attention)
        return torch.tensor([[one.log_odds for one in row] for (row,) in found])

    return answers


@pytest.fixture(scope="session")
def log_odds():
    """Of logits (..., 2), no before yes."""
    return lambda logits: logits[..., 1] - logits[..., 0]


@pytest.fixture(scope="session")
def adapted(make_tiny, saved_model, tmp_path_factory):
    """A saved base, a saved rank-4 adapter with random weights, and the live pair that both came from."""

    def make(family, *, tied=True, with_tokenizer=True, **lora):
        import torch
        from peft import LoraConfig, get_peft_model

        from yofo_rerank.models.config import YofoConfig
        from yofo_rerank.models.fingerprint import base_fingerprint
        from yofo_rerank.models.tokens import add_special_tokens
        from yofo_rerank.prompts import SPECIAL_TOKENS

        folder = tmp_path_factory.mktemp(family)
        tiny = make_tiny(family, tied=tied)
        base = saved_model(tiny, folder / "base")
        fingerprint = base_fingerprint(tiny.model)
        rows = add_special_tokens(tiny.processor.tokenizer, tiny.model)
        settings = {
            "r": 4,
            "lora_alpha": 8,
            "task_type": "CAUSAL_LM",
            "trainable_token_indices": {"embed_tokens": rows},
        }
        settings |= {"target_modules": r".*language_model.*\.(q_proj|v_proj|down_proj)"} | lora
        model = get_peft_model(tiny.model, LoraConfig(**settings))
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
        adapter = folder / "adapter"
        model.save_pretrained(adapter)
        if with_tokenizer:
            tiny.processor.save_pretrained(adapter)
        config = YofoConfig(
            format="yofo-v1",
            format_version=1,
            base_model="the-base",
            base_fingerprint=fingerprint,
            special_tokens=SPECIAL_TOKENS,
        )
        config.save(adapter)
        return base, adapter, model, tiny.processor

    return make
