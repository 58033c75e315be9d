import random

import pytest

from evals.meaning import Meaning, meaning
from evals.oracle import OracleRequirement
from evals.queries import MAX_POSITIVE, GeneratedQuery, generate_queries
from evals.sentences import compose
from yofo_rerank.mini.attributes import Garment, sample_garment

RED_DRESS = Garment("dress", "red", None, "solid", "long", "v", "midi", "satin", belt=True)
PINK_DRESS = Garment("dress", "pink", "black", "striped", "long", "v", "midi", "satin")
BLUE_SKIRT = Garment("skirt", "blue", None, "solid", None, None, "long", "denim", pockets=True)

DRESS = OracleRequirement((("category", "dress"),), "kind", ("dress",))
MIDI_OR_LONG = OracleRequirement((("length", "midi"), ("length", "long")), "adj", ("midi", "long"))
NOT_PINK = OracleRequirement((("colour", "pink"),), "adj", ("pink",), negated=True)
NO_POCKETS = OracleRequirement((("pockets", "yes"),), "noun", ("pockets",), negated=True)
MAYBE_BELT = OracleRequirement((("belt", "yes"),), "noun", ("a belt",), necessity="should")


def query(*oracle):
    return GeneratedQuery("q", "text", "text", oracle, 0)


def test_requirements_hold_as_their_words_say():
    holds = {one: [one.holds(garment) for garment in (RED_DRESS, PINK_DRESS, BLUE_SKIRT)]
             for one in (DRESS, MIDI_OR_LONG, NOT_PINK, NO_POCKETS, MAYBE_BELT)}  # fmt: skip
    assert holds[DRESS] == [True, True, False]
    assert holds[MIDI_OR_LONG] == [True, True, True]
    assert holds[NOT_PINK] == [True, False, True]
    assert holds[NO_POCKETS] == [True, True, False]
    assert holds[MAYBE_BELT] == [True, False, False]


def test_a_pattern_in_a_colour_does_not_make_the_garment_that_colour():
    black = OracleRequirement((("colour", "black"),), "adj", ("black",))
    assert not black.holds(PINK_DRESS)


def test_grades():
    wanted = query(DRESS, MIDI_OR_LONG, NO_POCKETS, MAYBE_BELT)
    assert [wanted.grade(garment) for garment in (RED_DRESS, PINK_DRESS, BLUE_SKIRT)] == [2, 1, 0]
    assert [query(NOT_PINK).grade(garment) for garment in (RED_DRESS, PINK_DRESS)] == [2, 0]  # no shoulds: all met


def test_the_positive_part_leaves_out_negations_and_preferences():
    wanted = query(DRESS, NOT_PINK, MAYBE_BELT)
    assert wanted.satisfies_positive(PINK_DRESS)
    assert not wanted.satisfies_positive(BLUE_SKIRT)


def test_requirement_texts():
    texts = [
        (one.text, one.necessity) for one in query(DRESS, MIDI_OR_LONG, NOT_PINK, NO_POCKETS, MAYBE_BELT).requirements
    ]
    assert texts == [
        ("dress", "must"),
        ("midi or long", "must"),
        ("not pink", "must"),
        ("without pockets", "must"),
        ("a belt", "should"),
    ]


def test_sentences_say_everything_in_every_style():
    said = {compose((DRESS, MIDI_OR_LONG, NOT_PINK, NO_POCKETS, MAYBE_BELT), random.Random(seed)) for seed in range(60)}
    assert len(said) > 30
    for text, positive in said:
        assert all(words in text for words in ("dress", "midi or long", "pink", "pockets", "a belt"))
        assert "midi or long dress" in positive
        assert not any(words in positive for words in ("pink", "pockets", "belt"))
    texts = [text for text, _ in said]
    assert any("It must not be pink" in text for text in texts)
    assert any("that is not pink and has no pockets" in text for text in texts)
    assert any(", not pink" in text for text in texts)


@pytest.fixture(scope="module")
def world():
    rng = random.Random(5)
    garments = [sample_garment(rng) for _ in range(600)]
    return garments, generate_queries(garments, 60, seed=3)


def test_the_target_is_perfect(world):
    garments, queries = world
    assert all(query.grade(garments[query.target]) == 2 for query in queries)


def test_queries_are_mixed_and_specific(world):
    garments, queries = world
    assert len({query.text for query in queries}) == 60
    assert {len(query.oracle) for query in queries} <= {2, 3, 4, 5}
    negated = [query for query in queries if any(one.negated for one in query.oracle)]
    assert len(negated) >= 30
    assert any(len(one.claims) == 2 for query in queries for one in query.oracle)
    assert any(one.necessity == "should" for query in queries for one in query.oracle)
    assert all(any(not one.negated and one.necessity == "must" for one in query.oracle) for query in queries)
    assert all(1 <= sum(map(query.satisfies_positive, garments)) <= MAX_POSITIVE for query in queries)


def test_negations_and_preferences_make_a_difference(world):
    garments, queries = world
    for query in queries:
        for one in query.oracle:
            if not one.negated and one.necessity == "must":
                continue
            others = [other for other in query.oracle if other is not one and other.necessity == "must"]
            assert any(all(other.holds(garment) for other in others) and not one.holds(garment) for garment in garments)


def test_the_words_of_a_requirement_mean_what_the_oracle_checks(world):
    _, queries = world
    for one in (one for query in queries for one in query.oracle):
        assert meaning(one.requirement.text) == Meaning(frozenset(one.claims), "any", one.negated)


def test_queries_depend_on_the_seed_alone(world):
    garments, queries = world
    assert generate_queries(garments, 60, seed=3) == queries
    assert generate_queries(garments, 60, seed=4) != queries


def test_targets_can_be_limited(world):
    garments, _ = world
    targets = list(range(40))
    assert {query.target for query in generate_queries(garments, 10, seed=1, targets=targets)} <= set(targets)


def test_a_catalogue_that_admits_no_query_is_an_error():
    with pytest.raises(ValueError, match="wanted 3 queries"):
        generate_queries([BLUE_SKIRT], 3, seed=0, targets=[])
