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


def test_a_still_picture_takes_half_the_product(make_tiny):
    for family in ("qwen2_vl", "qwen3_vl"):
        embedding = make_tiny(family).model.model.visual.patch_embed
        still = torch.randn(10, 3, 1, 8 * 8).expand(-1, -1, 2, -1)
        expected = embedding(still.flatten(1))
        linearise_patches(embedding)
        assert expected.std() > 0.1
        torch.testing.assert_close(embedding(still), expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(embedding(still.flatten(1)), expected, atol=1e-5, rtol=1e-5)
