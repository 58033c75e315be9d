"""The pictures: the same for the same arguments, and every attribute changes what can be seen."""

import random
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from yofo_rerank.mini.attributes import CATEGORIES, COLOURS, KINDS, PATTERNS, Garment, sample_garment
from yofo_rerank.mini.render import render, svg

CHANGES = [(category, flag) for category, kind in KINDS.items() for flag in kind.flags]
VALUES = [
    (category, field, first, second)
    for category, kind in KINDS.items()
    for field, values in (
        ("sleeves", kind.sleeves),
        ("neckline", kind.necklines),
        ("length", kind.lengths),
        ("material", kind.materials),
    )
    for first, second in pairwise(values)
]


def plain(category: str, **changes: object) -> Garment:
    """A garment without anything optional on it."""
    kind = KINDS[category]
    fields = {
        "colour": "blue",
        "second_colour": None,
        "pattern": "solid",
        "sleeves": kind.sleeves[-1] if kind.sleeves else None,
        "neckline": kind.necklines[0] if kind.necklines else None,
        "length": kind.lengths[-1] if kind.lengths else None,
        "material": kind.materials[0],
    }
    return Garment(category=category, **{**fields, **dict.fromkeys(kind.always, True), **changes})


def changed_pixels(first: Image.Image, second: Image.Image) -> np.ndarray:
    gap = np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int)).max(axis=2)
    return gap > 28


def middle_colour(garment: Garment, seed: int) -> np.ndarray:
    """The median colour around the middle of the picture, where the garment always is."""
    box = np.asarray(render(garment, seed))[70:110, 70:122].reshape(-1, 3)
    return np.median(box, axis=0)


@pytest.mark.parametrize("size", [64, 192, 256])
def test_size_and_mode(size: int) -> None:
    picture = render(plain("dress"), 3, size)
    assert picture.size == (size, size)
    assert picture.mode == "RGB"


def test_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match="got 0"):
        render(plain("dress"), 3, 0)


def test_same_arguments_same_picture() -> None:
    rng = random.Random(5)
    for category in CATEGORIES:
        garment = sample_garment(rng, category=category)
        assert svg(garment, 11) == svg(replace(garment), 11)
        assert render(garment, 11).tobytes() == render(garment, 11).tobytes()
        assert changed_pixels(render(garment, 11), render(garment, 12)).mean() > 0.02


def test_numbers_are_short_and_markup_is_small() -> None:
    text = svg(plain("coat", buttons=True, belt=True, pockets=True), 1)
    assert len(text) < 60_000
    assert "nan" not in text.lower()
    assert "None" not in text


@pytest.mark.parametrize(("category", "flag"), CHANGES, ids=lambda value: str(value))
def test_every_flag_can_be_seen(category: str, flag: str) -> None:
    without = plain(category)
    present = replace(without, **{flag: True})
    if flag == "hood":
        present = replace(present, neckline=None)
    change = changed_pixels(render(without, 1), render(present, 1))
    assert change.sum() > 110
    assert change.mean() < 0.35  # the scene around it stays as it was


@pytest.mark.parametrize("category", ["jacket", "coat"])
def test_collar_can_be_seen(category: str) -> None:
    change = changed_pixels(render(plain(category), 1), render(plain(category, collar=True), 1))
    assert change.sum() > 110


@pytest.mark.parametrize(("category", "field", "first", "second"), VALUES)
def test_every_value_can_be_seen(category: str, field: str, first: str, second: str) -> None:
    pictures = [render(plain(category, **{field: value}), 4) for value in (first, second)]
    assert changed_pixels(*pictures).sum() > 110


@pytest.mark.parametrize("category", [category for category, kind in KINDS.items() if kind.patterned])
def test_prints_show_the_second_colour_and_keep_the_first(category: str) -> None:
    solid = render(plain(category, colour="yellow"), 6)
    for pattern in PATTERNS[1:]:
        printed = render(plain(category, colour="yellow", pattern=pattern, second_colour="purple"), 6)
        hsv = np.asarray(printed.convert("HSV"), dtype=int)
        vivid = hsv[..., 1] > 110
        purple = (vivid & (abs(hsv[..., 0] - 196) < 18)).sum()
        yellow = (vivid & (abs(hsv[..., 0] - 34) < 12)).sum()
        assert changed_pixels(solid, printed).sum() > 300
        assert 0.12 < purple / yellow < 1.0, (pattern, purple / yellow)


@pytest.mark.parametrize("material", ["cotton", "denim", "knit", "satin"])
def test_colours_stay_apart_on_every_material(material: str) -> None:
    means = {colour: middle_colour(plain("dress", colour=colour, material=material), 9) for colour in COLOURS}
    for first in COLOURS:
        for second in COLOURS:
            if first < second:
                assert np.abs(means[first] - means[second]).max() > 20, (first, second)


@pytest.mark.parametrize("colour", ["white", "black", "grey", "beige", "blue"])
def test_garment_stands_out_from_the_backdrop(colour: str) -> None:
    for seed in range(6):
        picture = np.asarray(render(plain("sweatshirt", colour=colour), seed), dtype=float)
        corner = np.median(picture[2:12, 2:12].reshape(-1, 3), axis=0)
        assert np.abs(corner - np.median(picture[80:120, 80:112].reshape(-1, 3), axis=0)).max() > 24


def test_anything_that_can_be_sampled_is_drawn() -> None:
    rng = random.Random(0)
    garments = [sample_garment(rng) for _ in range(40)]
    start = time.process_time()
    pictures = [render(garment, seed) for seed, garment in enumerate(garments)]
    assert (time.process_time() - start) / len(garments) < 0.5
    assert all(np.asarray(picture).std() > 10 for picture in pictures)
