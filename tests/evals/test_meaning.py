import pytest

from evals.meaning import equivalent_requirements, meaning, same_requirements
from yofo_rerank import Requirement
from yofo_rerank.mini.attributes import FLAGS
from yofo_rerank.mini.frames import TRAIN_FRAMES
from yofo_rerank.mini.phrases import WORDS, phrase


def musts(*texts):
    return [Requirement(text=text) for text in texts]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no belt", "without a belt"),
        ("not striped", "it is not striped"),
        ("pockets", "with pockets"),
        ("midi or long", "either long or midi"),
        ("dress", "a gown"),
        ("trousers", "a pair of pants"),
        ("in satin", "silky"),
        ("for everyday", "for everyday wear"),
        ("skirts", "skirt"),
    ],
)
def test_two_ways_to_say_one_thing(one, other):
    assert meaning(one) is not None
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("belt", "no belt"),
        ("midi or long", "midi"),
        ("midi or long", "midi long"),
        ("short", "short sleeves"),
        ("red", "a pattern in red"),
        ("top", "tank top"),
        ("no sleeves", "not sleeveless"),
    ],
)
def test_different_things(one, other):
    assert meaning(one) != meaning(other)


def test_unknown_words_mean_nothing():
    assert meaning("a red teapot") is None
    assert meaning("of") is None


@pytest.mark.parametrize("claim", [claim for claim in WORDS if claim[0] != "second_colour"])
def test_every_wording_of_a_claim_is_read(claim):
    for shape, wordings in WORDS[claim].items():
        for words in wordings:
            for frame in TRAIN_FRAMES["yes"][shape][:2]:
                read = meaning(phrase(frame, words))
                assert read is not None, words
                assert read.claims == {claim}, words


def test_flags_are_all_known():
    assert all((flag, "yes") in WORDS for flag in FLAGS)


def test_lists_are_compared_as_sets_with_necessity():
    assert same_requirements(musts("red", "a dress"), musts("dress", "it is red"))
    assert not same_requirements(musts("red", "dress"), musts("red dress"))
    assert equivalent_requirements(musts("red", "dress"), musts("red dress"))
    assert not equivalent_requirements(musts("red", "dress"), musts("red or blue", "dress"))
    should = [Requirement(text="red", necessity="should")]
    assert not same_requirements(musts("red"), should)
    assert not equivalent_requirements(musts("red"), should)
