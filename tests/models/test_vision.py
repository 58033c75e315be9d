import torch

from yofo_rerank.models.vision import LinearPatches, linearise_patches


def test_the_same_patches_come_out(make_tiny):
    for family in ("qwen2_vl", "qwen3_vl"):  # without and with a bias
        embedding = make_tiny(family).model.model.visual.patch_embed
        patches = torch.randn(10, 3 * 2 * 8 * 8)
        expected = embedding(patches)
        linearise_patches(embedding)
        assert isinstance(embedding.proj, LinearPatches)
        assert expected.std() > 0.1
        torch.testing.assert_close(embedding(patches), expected, atol=1e-5, rtol=1e-5)
        linearise_patches(embedding)  # a second time changes nothing
        assert isinstance(embedding.proj, LinearPatches)
