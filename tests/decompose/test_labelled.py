"""The labelled sentences as a floor, and what is said when a clause stays whole or a typo is mended."""

import pytest

from evals.decompose import SENTENCES, judge_styles, read_styles
from yofo_rerank.decompose import decompose, get_decomposer


def test_nothing_is_inverted_and_nine_in_ten_are_right_in_every_style() -> None:
    figures = judge_styles(read_styles(), get_decomposer("rules"))
    assert figures["total"]["inverted"] == 0
    for style, counts in figures["styles"].items():
        assert counts["right"] / sum(counts.values()) >= 0.9, style


def test_other_voices_are_not_inverted() -> None:
    figures = judge_styles(read_styles(SENTENCES / "held_out"), get_decomposer("rules"))
    assert figures["total"]["inverted"] == 0
    assert figures["share_right"] >= 0.85


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("not black leather boots", "not black leather boots"),
        ("a hoodie, no logo, long sleeves and pockets", "no logo, long sleeves and pockets"),
        ("a scarf in red if available otherwise blue", "in red if available otherwise blue"),
        ("my wife adores orange", "my wife adores orange"),
    ],
)
def test_what_is_not_sure_stays_whole_and_says_so(query: str, kept: str) -> None:
    decomposed = decompose(query)
    assert kept.removeprefix("in ") in [one.text.removeprefix("in ") for one in decomposed.requirements]
    assert sum("kept whole, not sure how to read it" in note for note in decomposed.warnings) == 1


@pytest.mark.parametrize(
    ("query", "texts", "read"),
    [
        (
            "a blak dress withuot sleeves",
            ["dress", "black", "no sleeves"],
            ["'blak' as 'black'", "'withuot' as 'without'"],
        ),
        ("preferrably a cotton shrit", ["shirt", "cotton"], ["'preferrably' as 'preferably'", "'shrit' as 'shirt'"]),
        ("a stripped kitchen with a packet of tea", None, []),
        ("a sweater by Leonard", None, []),
    ],
)
def test_a_typo_is_mended_and_said(query: str, texts: list[str] | None, read: list[str]) -> None:
    decomposed = decompose(query)
    assert [note.removeprefix("read ") for note in decomposed.warnings] == read
    if texts:
        assert [one.text for one in decomposed.requirements] == texts


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("blue shirt and black trousers", ["blue shirt", "black trousers"]),
        ("a white t-shirt without print and blue jeans", None),
        ("black trousers with pockets, a white shirt", ["black trousers with pockets", "white shirt"]),
        ("a shirt and trousers", ["shirt", "trousers"]),
        ("a blue shirt with a tie", ["shirt", "blue", "a tie"]),
    ],
)
def test_of_several_things_each_keeps_its_own(query: str, texts: list[str] | None) -> None:
    found = [one.text for one in decompose(query).requirements]
    assert found == texts if texts else "white" not in found
