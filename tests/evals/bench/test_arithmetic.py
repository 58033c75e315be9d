import pytest

from evals.bench.arithmetic import Tokens, cost
from evals.bench.shapes import SHAPES, get_shape

# 448-pixel images, 10 requirements of 12 tokens in a template with 20 more, 16 tokens around the image
EXPECTED = {
    "qwen3-vl-2b": (0.58, 0.60, 0.404, 8.0, 3.9),
    "qwen2-vl-2b": (1.48, 0.72, 0.375, 8.9, 6.9),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_published_sizes_by_hand(name):
    shape = get_shape(name)
    found = cost(shape, Tokens(16, shape.image_tokens(448), 12, 10, shared=20))
    terms = (found.vision / 1e12, found.prefix / 1e12, found.template / 1e12)
    assert (*terms, found.one_pass_ratio, found.cached_ratio) == pytest.approx(EXPECTED[name], rel=0.01)


def test_one_requirement_gains_nothing_from_one_pass():
    found = cost(SHAPES["qwen3-vl-2b"], Tokens(16, 196, 12, 1))
    assert found.one_pass_ratio == pytest.approx(1)


def test_image_tokens():
    assert SHAPES["qwen3-vl-2b"].image_tokens(448) == 196
    assert SHAPES["qwen2-vl-2b"].image_tokens(448) == 256


def test_state_bytes():
    assert SHAPES["qwen3-vl-2b"].state_bytes(1) == 112 * 1024
    assert SHAPES["qwen2-vl-2b"].state_bytes(1) == 28 * 1024


def test_unknown_shape_names_the_known_ones():
    with pytest.raises(ValueError, match="qwen3-vl-2b, qwen2-vl-2b"):
        get_shape("gpt")
