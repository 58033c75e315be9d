import random

import pytest

from yofo_rerank.mini import sample_catalog
from yofo_rerank.mini.attributes import FLAGS, Garment, is_held_out, sample_garment
from yofo_rerank.mini.captions import caption
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.mini.phrases import WORDS
from yofo_rerank.mini.vocabulary import unknown_words


def test_a_catalogue_is_documents_with_the_truth_about_them():
    catalogue = sample_catalog(3, 5)
    assert [document.id for document, _ in catalogue] == ["mini-5-00000", "mini-5-00001", "mini-5-00002"]
    for document, attributes in catalogue:
        assert document.load_image().size == (192, 192)
        assert document.text is None
        assert {"category", "colour", "season", "occasion", "hood"} <= set(attributes)


def test_the_same_seed_gives_the_same_catalogue_and_another_seed_another():
    first, again, other = sample_catalog(2, 1), sample_catalog(2, 1), sample_catalog(2, 2)
    assert [attributes for _, attributes in first] == [attributes for _, attributes in again]
    assert first[0][0].load_image().tobytes() == again[0][0].load_image().tobytes()
    assert [attributes for _, attributes in first] != [attributes for _, attributes in other]


def test_media():
    text, _ = sample_catalog(1, 1, media="text")[0]
    both, _ = sample_catalog(1, 1, media="both")[0]
    assert text.image is None
    assert text.text == both.text
    assert both.load_image() is not None


def test_held_out_is_kept_apart():
    assert all(map(is_held_out, sample_garments(50, 1, held_out=True)))
    assert not any(map(is_held_out, sample_garments(50, 1, held_out=False)))


@pytest.mark.parametrize(("arguments", "message"), [({"n": 1, "media": "video"}, "video"), ({"n": -1}, "-1")])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sample_catalog(**arguments)


def test_a_caption_names_all_that_is_there_and_nothing_that_is_not():
    rng = random.Random(2)
    for _ in range(400):
        garment: Garment = sample_garment(rng)
        text = caption(garment, rng)
        assert garment.colour in text
        assert (garment.second_colour or garment.colour) in text
        for flag in FLAGS:
            named = any(words in text for words in WORDS[flag, "yes"]["noun"])
            assert named == getattr(garment, flag), (flag, text)
        assert unknown_words([text]) == []
