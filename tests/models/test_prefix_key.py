from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank.models.prefix_cache import prefix_key


def picture(mode, width, height, value=0):
    return Image.new(mode, (width, height), value)


def test_size_and_mode_are_part_of_the_key():
    pictures = [picture("RGB", 30, 100), picture("RGB", 100, 30), picture("L", 90, 100), picture("L", 30, 300)]
    assert len({image.tobytes() for image in pictures}) == 1
    assert len({prefix_key(b"", image, None) for image in pictures}) == 4


def test_every_part_matters_and_no_text_is_not_an_empty_one():
    image = picture("RGB", 4, 4)
    keys = [
        prefix_key(b"", image, None),
        prefix_key(b"", image, ""),
        prefix_key(b"x", image, None),
        prefix_key(b"", image, "x"),
        prefix_key(b"", None, None),
        prefix_key(b"", None, "x"),
        prefix_key(b"", picture("RGB", 4, 4, 1), None),
    ]
    assert len(set(keys)) == len(keys)
    assert prefix_key(b"", picture("RGB", 4, 4), None) == keys[0]


@given(st.tuples(st.binary(max_size=6), st.text(max_size=6)), st.tuples(st.binary(max_size=6), st.text(max_size=6)))
def test_equal_keys_mean_equal_parts(one, other):
    assert (prefix_key(one[0], None, one[1]) == prefix_key(other[0], None, other[1])) == (one == other)
