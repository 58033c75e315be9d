"""Statements about the statement before them."""

import random

from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.recipe.follow_ups import OPPOSITE, SAME, with_follow_ups
from yofo_rerank.mini.statements import sample_statements
from yofo_rerank.training import arrange


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_a_follow_up_is_true_where_its_words_are(seed, share):
    rng = random.Random(seed)
    said = sample_statements(sample_garment(rng), rng, 8)
    found = with_follow_ups(said, rng, share)
    assert len(found) == len(said)
    for place, (one, before) in enumerate(zip(found[1:], found, strict=False), start=1):
        if one.form != "follow-up":
            assert one == said[place]
            continue
        assert before.form != "follow-up"
        assert one.text in (SAME if one.answer == before.answer else OPPOSITE)
        assert (one.reason, one.attribute) == (before.reason, before.attribute)


def test_the_share_is_kept_and_both_answers_are_as_frequent():
    rng = random.Random(3)
    found = [with_follow_ups(sample_statements(sample_garment(rng), rng, 10), rng, 0.08) for _ in range(400)]
    asked = [one.answer for some in found for one in some if one.form == "follow-up"]
    assert 0.05 < len(asked) / 4000 < 0.09
    assert 0.4 < sum(asked) / len(asked) < 0.6


def test_the_papers_wording_is_kept_from_training():
    assert arrange.OPPOSITE.lower() not in {text.lower() for text in (*SAME, *OPPOSITE)}
