"""The rules of the engine where it matters most: on a GPU, in bfloat16. Skipped where there is none.

Tolerances: bfloat16 has 8 bits of mantissa, and kernels differ with the shape of a batch; 0.15 in log-odds is what
three layers of random weights differ by, an order below what separates the answers (asserted).
"""

import pytest
import torch

CLOSE = {"atol": 0.15, "rtol": 0.05}
TEXTS = ("blue", "not pink", "a hooded top", "striped")

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def on_gpu(request, make_tiny):
    tiny = make_tiny(request.param)
    tiny.model.to("cuda", torch.bfloat16)
    return tiny


@pytest.mark.parametrize("attention", ["joint", "isolated"])
def test_cached_batched_and_single_are_the_same(on_gpu, slot_model, ask, pictured_documents, attention):
    model = slot_model(on_gpu)
    cold = ask(model, pictured_documents, TEXTS, attention)
    assert cold.std(0).mean() > 0.3 and cold.std(1).mean() > 0.3
    torch.testing.assert_close(ask(model, pictured_documents, TEXTS, attention), cold, **CLOSE)
    alone = torch.cat([ask(slot_model(on_gpu), [one], TEXTS, attention) for one in pictured_documents])
    torch.testing.assert_close(alone, cold, **CLOSE)


def test_isolated_equals_each_alone(on_gpu, slot_model, ask, pictured_documents):
    together = ask(slot_model(on_gpu), pictured_documents, TEXTS, "isolated")
    alone = torch.cat([ask(slot_model(on_gpu), pictured_documents, [text], "joint") for text in TEXTS], dim=1)
    torch.testing.assert_close(together, alone, **CLOSE)


def test_equals_the_cpu_in_float32(on_gpu, make_tiny, slot_model, ask, pictured_documents):
    expected = ask(slot_model(make_tiny(on_gpu.family)), pictured_documents, TEXTS, "isolated")
    found = ask(slot_model(on_gpu), pictured_documents, TEXTS, "isolated")
    torch.testing.assert_close(found, expected, atol=0.5, rtol=0.1)
    assert (found.sign() == expected.sign())[expected.abs() > 0.5].all()
