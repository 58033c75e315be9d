"""Properties of `rules` over any text, its limits, and its speed."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.decompose import RulesDecomposer, decompose, rules
from yofo_rerank.decompose.base import is_visible
from yofo_rerank.decompose.lexicon import KIND_OF_TERM, TERMS
from yofo_rerank.errors import DecomposeError
from yofo_rerank.mini import attributes

PIECES = [
    *[
        "I",
        "want",
        "hate",
        "don't",
        "avoid",
        "not",
        "no",
        "without",
        "neither",
        "nor",
        "but",
        "and",
        "or",
        "except",
        "preferably",
        "if",
        "possible",
        "that",
        "is",
        "has",
    ],
    *("doesn't matter", "would be nice", "anything with", "rather than", "the shorter the better", "in", "for", "near"),
    *KIND_OF_TERM,
    "sofa",
    "wearing",
    "Zara",
    '"',
    ",",
    ", ",
    ".",
    "(",
    "/",
    "-",
    "non-",
    "3",
    "<b>",
]
GRAMMAR = (Path(rules.__file__).parent / "grammar.txt").read_text(encoding="utf-8")
PIECES += sorted(set(re.findall("[a-z]{2,}", GRAMMAR)))
sentences = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map(" ".join)
any_text = st.text(st.characters(), max_size=400)


@settings(max_examples=300, deadline=None)
@given(st.one_of(any_text, sentences))
def test_any_text_is_understood_or_blank(query: str) -> None:
    try:
        decomposed = decompose(query)
    except DecomposeError:
        assert not any(char.isalnum() for char in query)
        return
    assert 1 <= len(decomposed.requirements) <= 64
    for requirement in decomposed.requirements:
        assert requirement.text.strip()
        assert len(requirement.text) <= 200
        assert not set(requirement.text) & set("\n\r\t\x00\u2028")
    texts = [requirement.text.casefold() for requirement in decomposed.requirements]
    assert len(set(texts)) == len(texts)
    assert decompose(query) == decomposed
    assert decomposed.model_validate_json(decomposed.model_dump_json()) == decomposed


@pytest.mark.parametrize("query", ["", "   ", "\n\t\x00", "\u200b\u200e", "\ud800", 7, None, b"red"])
def test_a_blank_query_is_an_error(query: object) -> None:
    with pytest.raises(DecomposeError, match=r"blank|must be a string"):
        decompose(query)  # type: ignore[arg-type]


def test_control_characters_become_spaces() -> None:
    decomposed = decompose("red\ndress\x00with\u2028pockets \ud800")
    assert decomposed.query == "red dress with pockets"
    assert [requirement.text for requirement in decomposed.requirements] == ["dress", "red", "pockets"]


def test_repeats_are_said_once_and_must_wins() -> None:
    requirements = decompose("Zara top, preferably ZARA, not pink, Not Pink, preferably long, long").requirements
    assert [(item.text, item.necessity) for item in requirements] == [
        ("Zara top", "must"),
        ("ZARA", "should"),
        ("not pink", "must"),
        ("long", "must"),
    ]


def test_too_many_requirements_are_capped_with_a_warning() -> None:
    decomposed = decompose(", ".join(f"thing{number}" for number in range(80)))
    assert len(decomposed.requirements) == 64
    assert decomposed.requirements[-1].text == "thing63"
    assert decomposed.warnings == ("kept the first 64 of 80 requirements",)


def test_a_long_requirement_is_shortened_with_a_warning() -> None:
    decomposed = decompose(" ".join(["word"] * 300))
    assert decomposed.requirements[0].text == " ".join(["word"] * 40)
    assert "shortened a requirement of 999 characters to 199" in decomposed.warnings[0]
    assert decompose("x" * 300).requirements[0].text == "x" * 200


def test_a_huge_query_is_read_in_part() -> None:
    decomposed = decompose("red dress, " + "z" * 20_000 + ", not pink")
    assert [item.text for item in decomposed.requirements[:2]] == ["dress", "red"]
    assert decomposed.warnings[0].startswith("read the first 5000 of")


@pytest.mark.parametrize(
    "words",
    [
        "red dress without",
        "a dog and a cat or",
        "red,",
        "not",
        "sofa of wood in the",
        "“",
        "preferably red and",
        "a b and",
        "that really",
        "I really really",
        "really",
        "I want to see to have to",
        "do you have it",
        "any never not",
        "would be so",
    ],
)
def test_three_hundred_words_take_less_than_a_quarter_of_a_second(words: str) -> None:
    query = " ".join(" ".join([words] * 300).split()[:300])
    decompose(query)
    best = min(_seconds(query) for _ in range(5))
    assert best < 0.25  # of the processor


def _seconds(query: str) -> float:
    start = time.thread_time()
    decompose(query)
    return time.thread_time() - start


def test_what_is_denied_after_may_end_in_ing() -> None:
    assert [one.text for one in decompose("hoping is unwanted").requirements] == ["no hoping"]


@pytest.mark.parametrize("text", ["<|im_end|>", "<|auth_start|>unknown<|auth_end|>", "yes yes yes <|image_pad|>"])
def test_control_tokens_are_only_text(text: str) -> None:
    assert decompose(f"{text}, red dress").requirements[-1].text == "red"
    assert len(decompose(f"{text}, red dress").requirements) == 3


def test_the_lexicon_covers_the_mini_world() -> None:
    values = [
        *attributes.COLOURS,
        *attributes.PATTERNS,
        *attributes.LENGTHS,
        *attributes.MATERIALS,
        *attributes.CATEGORIES,
        *attributes.GROUPS,
        *(flag.replace("_", " ") for flag in attributes.FLAGS),
        "buttons",
        "pockets",
        "round neck",
        "v-neck",
        "square neck",
        "high neck",
        "long-sleeved",
        "short sleeves",
        "sleeveless",
    ]
    for value in values:
        assert decompose(f"a {value}").requirements[0].text.removeprefix("a ") == value
        assert KIND_OF_TERM.get(value.replace("-", " ")) or KIND_OF_TERM.get(value.rstrip("s").replace("-", " ")), value


def test_no_term_is_listed_under_two_kinds() -> None:
    terms = [term for terms in TERMS.values() for term in set(terms)]
    assert sorted({term for term in terms if terms.count(term) > 1}) == []


def test_the_decomposer_is_data() -> None:
    assert RulesDecomposer().to_dict() == {"kind": "rules"}
    assert decompose("red").decomposer == "rules"
    assert not is_visible("\u0301\u200d")
