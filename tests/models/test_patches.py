"""Pictures cut by us and by the Hugging Face processor are the same, bit by bit."""

import pytest
import torch

from yofo_rerank.models.patches import Patcher

SIZES = [(48, 48), (96, 96), (97, 33), (32, 200), (300, 400), (640, 31), (2, 5)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("max_pixels", [None, 64 * 64])
def test_equals_the_processor(tiny, make_image, size, max_pixels):
    image = make_image(*size, seed=3)
    patcher = Patcher(tiny.processor.image_processor, max_pixels)
    picture = patcher.cut(image)
    expected = tiny.processor.image_processor(images=[image], size=patcher.size, return_tensors="pt")
    assert picture.patches.dtype == torch.uint8
    assert [list(picture.grid)] == expected["image_grid_thw"].tolist()
    assert torch.equal(patcher.values([picture]).flatten(1), expected["pixel_values"])
    assert expected["pixel_values"].std() > 0.1


def test_several_pictures_are_one_table(tiny_qwen3_vl, make_image):
    patcher = Patcher(tiny_qwen3_vl.processor.image_processor)
    pictures = [patcher.cut(make_image(48, 48, seed)) for seed in range(3)]
    values = patcher.values(pictures)
    assert torch.equal(values, torch.cat([patcher.values([picture]) for picture in pictures]))


def test_a_picture_that_was_decoded_smaller_has_the_grid_of_the_whole_one(tiny_qwen3_vl, make_image):
    patcher = Patcher(tiny_qwen3_vl.processor.image_processor)
    whole = make_image(1203, 401, seed=1)
    small = whole.resize((301, 101))
    assert patcher.cut(small, (1203, 401)).grid == patcher.cut(whole).grid
