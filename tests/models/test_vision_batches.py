"""Batched pictures are those that the tower computes one after another."""

import pytest
import torch

from yofo_rerank.models.families import get_family
from yofo_rerank.models.vision_batches import batch_pictures


def tower(model):
    return model.get_submodule(get_family(model.config).patch_embedding.rpartition(".")[0])


@pytest.fixture
def calls(monkeypatch):
    """Counts the calls of SDPA."""
    found = []
    attend = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda query, *args, **more: found.append(len(query)) or attend(query, *args, **more),
    )
    return found


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
@pytest.mark.parametrize("grids", [[(4, 4)] * 5, [(4, 4), (8, 4), (4, 4)], [(4, 6)]])
def test_equals_one_after_another(make_tiny, calls, family, grids):
    plain, batched = (tower(make_tiny(family).model) for _ in range(2))
    batch_pictures(batched)
    grid = torch.tensor([(1, *one) for one in grids])
    pixels = torch.randn(int(grid.prod(-1).sum()), 3 * 2 * 8 * 8)
    with torch.inference_mode():
        expected = plain(pixels, grid_thw=grid, return_dict=True).pooler_output
        one_by_one = len(calls)
        found = batched(pixels, grid_thw=grid, return_dict=True).pooler_output
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    if len(grids) == 5:
        assert len(calls) - one_by_one < one_by_one  # two layers, five pictures
        assert max(calls) >= 5


def test_another_attention_stays(make_tiny):
    tiny = make_tiny("qwen3_vl")
    tiny.model.set_attn_implementation("eager")
    batch_pictures(tower(tiny.model))
    assert tower(tiny.model).config._attn_implementation == "eager"
