"""The measure of decomposers: each outcome on hand-made requirements, and the shape of the public sentences."""

import pytest

from evals.decompose import SENTENCES, judge_styles, read_styles
from evals.labels import _sentence, outcome
from yofo_rerank.decompose import get_decomposer
from yofo_rerank.requirements import DecomposedQuery, Requirement


def found(query: str, said: str, *, warned: bool = False) -> DecomposedQuery:
    requirements = tuple(
        Requirement(text=text.strip().removeprefix("~"), necessity="should" if "~" in text else "must")
        for text in said.split("|")
    )
    return DecomposedQuery(query=query, requirements=requirements, warnings=("kept whole",) if warned else ())


@pytest.mark.parametrize(
    ("label", "said", "expected"),
    [
        ("dress | red | no belt", "dress | red | without a belt", "right"),
        ("dress + red | no belt", "red dress | no belt", "right"),
        ("dress | red | ~no belt", "dress | red | no belt", "garbled"),
        ("dress | red | no belt", "dress | red", "garbled"),
        ("dress | red | no belt", "dress | red | belt", "inverted"),
        ("dress | red | no belt", "dress | not red | no belt", "inverted"),
        ("dress | red | no belt", "red dress | no belt", "garbled"),
        ("dress | red | no belt // red dress | no belt", "red dress | no belt", "right"),
    ],
)
def test_outcomes(label: str, said: str, expected: str) -> None:
    query = "a red dress without a belt"
    assert outcome(_sentence(f"{query} => {label}"), found(query, said)) == expected


def test_whole_needs_the_users_words_and_a_warning() -> None:
    sentence = _sentence("a red dress without a belt => dress | red | no belt")
    for said in ("a red dress without a belt", "red dress | without a belt"):
        assert outcome(sentence, found(sentence.query, said, warned=True)) == "whole"
        assert outcome(sentence, found(sentence.query, said)) == "garbled"
    assert outcome(sentence, found(sentence.query, "belt | red dress", warned=True)) == "inverted"
    assert outcome(sentence, found(sentence.query, "a belted red dress", warned=True)) == "garbled"


def test_there_are_enough_sentences_and_half_deny_something() -> None:
    styles = read_styles()
    sentences = [sentence for style in styles.values() for sentence in style]
    assert len(styles) >= 12
    assert len(sentences) >= 400
    assert len({sentence.query for sentence in sentences}) == len(sentences)
    denying = [one for one in sentences if any(part.denied for group in one.readings[0] for part in group)]
    assert len(denying) >= len(sentences) / 2
    assert len(read_styles(SENTENCES / "held_out")["voices"]) >= 100


def test_figures_count_every_sentence() -> None:
    styles = {"food": read_styles()["food"]}
    figures = judge_styles(styles, get_decomposer("rules"))
    assert sum(figures["total"].values()) == figures["n"] == len(styles["food"])
    assert len(figures["wrong"]) == figures["n"] - figures["total"]["right"]
