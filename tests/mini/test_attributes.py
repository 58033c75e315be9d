import random

import pytest

from yofo_rerank.mini.attributes import (
    CATEGORIES,
    CLOSE_COLOURS,
    COLOURS,
    FLAGS,
    KINDS,
    PATTERNS,
    Garment,
    is_held_out,
    sample_garment,
)


def garments(n: int) -> list[Garment]:
    rng = random.Random(7)
    return [sample_garment(rng) for _ in range(n)]


def test_the_world_is_rich_enough():
    assert len(CATEGORIES) >= 10
    assert len(COLOURS) >= 12
    assert len(PATTERNS) >= 6


def test_samples_obey_their_kind():
    for garment in garments(2000):
        kind = KINDS[garment.category]
        assert (garment.sleeves in kind.sleeves) if kind.sleeves else garment.sleeves is None
        assert (garment.length in kind.lengths) if kind.lengths else garment.length is None
        assert garment.material in kind.materials
        assert (garment.second_colour is None) == (garment.pattern == "solid")
        assert not (garment.hood and garment.collar)
        assert all(getattr(garment, flag) for flag in kind.always)


def test_two_colours_of_one_garment_can_be_told_apart():
    assert all(
        frozenset((garment.colour, garment.second_colour)) not in CLOSE_COLOURS
        for garment in garments(2000)
        if garment.second_colour
    )


def test_every_value_occurs():
    drawn = garments(4000)
    assert {garment.category for garment in drawn} == set(CATEGORIES)
    assert {garment.colour for garment in drawn} == set(COLOURS)
    assert {garment.season for garment in drawn} == {"summer", "winter", None}
    assert {garment.occasion for garment in drawn} == {"evening", "office", "casual"}
    for flag in FLAGS:
        assert 0.02 < sum(getattr(garment, flag) for garment in drawn) / len(drawn) < 0.6


def test_held_out_combinations_do_not_depend_on_the_seed():
    share = sum(map(is_held_out, garments(4000))) / 4000
    assert 0.1 < share < 0.3
    by_combination = {}
    for garment in garments(4000):
        shape = garment.sleeves or garment.length or garment.material
        key = (garment.category, garment.colour, garment.pattern, shape)
        assert by_combination.setdefault(key, is_held_out(garment)) == is_held_out(garment)


@pytest.mark.parametrize(
    ("changes", "season", "occasion"),
    [
        ({"category": "dress", "material": "satin", "sleeves": "sleeveless", "length": "long"}, "summer", "evening"),
        ({"category": "coat", "material": "cotton", "sleeves": "long", "length": "midi"}, "winter", "office"),
        ({"category": "trousers", "material": "denim"}, None, "casual"),
        ({"category": "skirt", "material": "cotton", "length": "short"}, "summer", "casual"),
        ({"category": "sweater", "material": "knit", "sleeves": "long"}, "winter", "casual"),
    ],
)
def test_derived_properties(changes, season, occasion):
    plain = {
        "colour": "red",
        "second_colour": None,
        "pattern": "solid",
        "sleeves": None,
        "neckline": None,
        "length": None,
    }
    garment = Garment(**{**plain, **changes})
    assert garment.season == season
    assert garment.occasion == occasion
