import json
import random

import numpy as np
import pytest
import torch

from yofo_rerank.mini.architecture import IMAGE_SIZE, build_model, build_processor, build_tokenizer
from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.recipe.pictures import patchify, render_pictures
from yofo_rerank.mini.recipe.vision import ATTRIBUTES, labels, see, train_vision, vary


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


@pytest.fixture
def visual(tokenizer):
    return build_model(tokenizer).model.visual


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 255, (4, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)


def test_patchify_is_what_the_image_processor_does(tokenizer, pictures):
    from PIL import Image

    processor = build_processor(tokenizer).image_processor
    wanted = processor([Image.fromarray(one) for one in pictures], return_tensors="np")["pixel_values"]
    np.testing.assert_allclose(patchify(pictures), wanted, atol=1e-5)


def test_the_fast_pass_sees_what_the_real_one_sees(visual, pictures):
    grid = torch.tensor([[1, 12, 12]] * len(pictures))
    with torch.no_grad():
        real = visual(torch.from_numpy(patchify(pictures)), grid_thw=grid)
        tokens, deep = see(visual, pictures)
    wanted = real.pooler_output.view(tokens.shape)
    assert wanted.std() > 0.05
    torch.testing.assert_close(tokens, wanted, atol=0.02, rtol=0)  # bf16 autocast
    torch.testing.assert_close(deep, real.deepstack_features[0].view(deep.shape), atol=0.02, rtol=0)


def test_a_resumed_run_equals_an_uninterrupted_one(tokenizer, pictures, tmp_path):
    rng = random.Random(0)
    garments = [sample_garment(rng) for _ in pictures]

    def trained(folder, *stops):
        for steps in stops:
            visual = build_model(tokenizer).model.visual
            settings = {"steps": steps, "batch": 2}
            train_vision(visual, garments, pictures, folder, **settings)
        return visual.state_dict()

    whole = trained(tmp_path / "whole", 4)
    start = build_model(tokenizer).model.visual.state_dict()
    assert any(not torch.equal(whole[name], start[name]) for name in whole)
    line = json.loads((tmp_path / "whole" / "vision.jsonl").read_text().splitlines()[-1])
    assert line["step"] == 4
    assert trained(tmp_path / "whole", 4).keys() == whole.keys()  # nothing left to do: loads and stops
    again = trained(tmp_path / "whole", 4)
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_varied_pictures_keep_their_content(pictures):
    varied = vary(pictures, np.random.default_rng(1))
    assert varied.shape == pictures.shape
    assert not np.array_equal(varied, pictures)
    assert np.array_equal(vary(pictures, np.random.default_rng(1)), varied)


def test_labels_cover_every_value():
    rng = random.Random(1)
    numbers = labels([sample_garment(rng) for _ in range(300)])
    assert numbers.shape == (300, len(ATTRIBUTES))
    assert all(numbers[:, at].max() < len(values) for at, values in enumerate(ATTRIBUTES.values()))


def test_rendering_resumes(tmp_path):
    garments, first = render_pictures(tmp_path, 2, 9, workers=1)
    (tmp_path / "pictures.done").write_text("0")
    again_garments, again = render_pictures(tmp_path, 2, 9, workers=1)
    assert garments == again_garments
    assert np.array_equal(first, again)
    assert first.std() > 10
    with pytest.raises(ValueError, match=r"\(3, 192"):
        render_pictures(tmp_path, 3, 9, workers=1)
