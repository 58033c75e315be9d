"""However many images are judged, few of them are in memory at a time."""

import gc
import weakref

import pytest

from tests.models.asking import answer
from yofo_rerank.documents import Document
from yofo_rerank.models.batches import PENDING_BUDGETS
from yofo_rerank.models.slot_model import SlotModel
from yofo_rerank.models.workers import AHEAD, Workers


@pytest.fixture
def alive(monkeypatch):
    """`alive()`: the most prefixes, with their pictures, that lived at one time."""
    living: weakref.WeakSet = weakref.WeakSet()
    most = [0]
    prepare = SlotModel.prepare

    def counted(self, *args, **more):
        prefix = prepare(self, *args, **more)
        living.add(prefix)
        most[0] = max(most[0], len(living))
        return prefix

    monkeypatch.setattr(SlotModel, "prepare", counted)
    return lambda: most[0]


def test_few_pictures_live_at_a_time(tiny_qwen3_vl, slot_model, make_image, alive):
    model = slot_model(tiny_qwen3_vl, max_batch_tokens=100, cache_bytes=0)
    documents = [Document(image=make_image(48, 48, seed), id=str(seed)) for seed in range(300)]
    gc.collect()
    found = answer(model, documents, [["blue"]])
    assert len(found) == 300
    per_budget = 100 // 20  # a picture and its question take more than 20 tokens
    assert alive() <= PENDING_BUDGETS * per_budget + (AHEAD + 2) * Workers()._size + per_budget
