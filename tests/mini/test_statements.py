import random
from collections import defaultdict

import pytest

from yofo_rerank.mini.attributes import Garment, sample_garment
from yofo_rerank.mini.frames import HELD_OUT_FRAMES, TRAIN_FRAMES
from yofo_rerank.mini.phrases import WORDS, phrase
from yofo_rerank.mini.statements import holds, sample_statements
from yofo_rerank.mini.vocabulary import known_words, unknown_words

DRESS = Garment("dress", "red", "white", "striped", "short", "v", "midi", "cotton", belt=True)


@pytest.mark.parametrize(
    ("claim", "true"),
    [
        (("colour", "red"), True),
        (("colour", "white"), False),
        (("second_colour", "white"), True),
        (("belt", "yes"), True),
        (("hood", "yes"), False),
        (("group", "one-piece"), True),
        (("length", "midi"), True),
    ],
)
def test_holds(claim, true):
    assert holds(DRESS, claim) is true


@pytest.mark.parametrize("form", ["plain", "negated", "either"])
@pytest.mark.parametrize("held_out", [False, True])
def test_statements_are_true_half_the_time_whatever_they_say(form, held_out):
    rng = random.Random(3)
    answers = defaultdict(list)
    for _ in range(3000):
        for statement in sample_statements(sample_garment(rng), rng, 4, form=form, held_out=held_out):
            answers[statement.attribute].append(statement.answer)
            answers["all"].append(statement.answer)
    shares = {name: sum(values) / len(values) for name, values in answers.items() if len(values) > 300}
    assert len(shares) > 8
    assert abs(shares["all"] - 0.5) < 0.04
    assert all(abs(share - 0.5) < 0.12 for share in shares.values()), shares


def test_statements_are_many_wordings_and_deterministic():
    first = sample_statements(DRESS, random.Random(1), 12)
    assert first == sample_statements(DRESS, random.Random(1), 12)
    assert len({statement.text for statement in first}) == 12
    texts = {s.text for seed in range(500) for s in sample_statements(DRESS, random.Random(seed), 6)}
    assert len(texts) > 800


def test_held_out_frames_are_new_but_their_words_are_not():
    for polarity, shapes in HELD_OUT_FRAMES.items():
        for shape, frames in shapes.items():
            assert not set(frames) & set(TRAIN_FRAMES[polarity][shape])
            assert (
                unknown_words([frame.replace("{bare}", "").replace("{a}", "").replace("{0}", "") for frame in frames])
                == []
            )


def test_no_held_out_frame_begins_as_only_those_of_the_other_polarity_do():
    for polarity, shapes in HELD_OUT_FRAMES.items():
        for shape, frames in shapes.items():
            taught = {frame.split()[0] for frame in TRAIN_FRAMES[polarity][shape]}
            assert {frame.split()[0] for frame in frames} <= taught, (polarity, shape)


def test_a_negated_statement_is_the_opposite_of_its_claim():
    rng = random.Random(5)
    for _ in range(300):
        for statement in sample_statements(DRESS, rng, 2, form="negated"):
            assert any(word in f" {statement.text} " for word in (" not ", " no ", "without", "n't", "but", "nothing"))


def test_articles():
    assert phrase("{a} {0}", "one-piece") == "a one-piece"
    assert phrase("no {bare}", "an asymmetric hem") == "no asymmetric hem"


def test_unknown_words_are_found_and_known_ones_are_not():
    assert unknown_words(["a Red, hooded top", "with sequins and sequins"]) == ["sequins"]
    assert {"blue", "sleeved", "without", "evening"} <= known_words()
    assert all(unknown_words(wordings) == [] for shapes in WORDS.values() for wordings in shapes.values())
