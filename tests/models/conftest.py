"""Slot models around the tiny models."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def slot_model():
    """`slot_model(tiny, cache_bytes=0)`: a fresh SlotModel of the trained format."""
    from yofo_rerank.models.build import Budget, from_components

    def make(tiny, format_name="yofo-v1", **budget):
        return from_components(tiny.model, tiny.processor, format_name, Budget(**budget))

    return make


@pytest.fixture(scope="session")
def ask():
    """`ask(model, documents, texts, attention)`: logits of all documents in one tensor  # (docs, slots, 2)."""
    import torch

    from yofo_rerank.models.answering import answer

    def answers(model, documents, texts=("blue", "not pink", "a hooded top"), attention="joint"):
        return torch.stack([one[0] for one in answer(model, documents, [texts], attention)])

    return answers
