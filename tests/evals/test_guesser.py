import random

import pytest
import torch

from evals.guesser import train_guesser

THINGS = ("red", "blue", "a belt", "pockets", "striped", "a hood")
FRAMES = ("it is {}", "this has {}", "something {}", "the item shows {}")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def say(rng):
    return rng.choice(FRAMES).format(rng.choice(THINGS))


def share_right(guesser, texts, answers):
    hits = guesser.accuracy(texts, answers)
    return sum(hits) / len(hits)


def test_finds_a_leak():
    rng = random.Random(1)
    texts = [say(rng) for _ in range(1600)]
    leaky = [("belt" in text) or (rng.random() < 0.5) for text in texts]  # a belt is always there
    guesser = train_guesser(texts[:600], leaky[:600])
    about_belts = [(text, answer) for text, answer in zip(texts[600:], leaky[600:], strict=True) if "belt" in text]
    assert len(about_belts) > 5
    assert all(guesser.guess([text for text, _ in about_belts]))
    assert share_right(guesser, texts[600:], leaky[600:]) > 0.54  # 0.58 is possible


def test_finds_a_leak_in_a_pair_of_words():
    texts = ["red belt", "blue belt", "red hood", "blue hood"] * 30
    answers = [(text in ("red belt", "blue hood")) for text in texts]  # no single word tells
    assert share_right(train_guesser(texts, answers, epochs=60), texts, answers) == 1.0


def test_is_near_chance_on_balanced_statements():
    rng = random.Random(2)
    texts = [say(rng) for _ in range(3000)]
    answers = [rng.random() < 0.5 for _ in texts]
    guesser = train_guesser(texts[:1000], answers[:1000])
    assert 0.45 < share_right(guesser, texts[1000:], answers[1000:]) < 0.55
    assert len(set(guesser.guess(texts[1000:]))) == 2  # it does guess, and not always the same


def test_same_seed_same_guesses():
    texts, answers = ["a b", "c d", "a d", "b c"] * 20, [True, False, True, False] * 20
    first, again = train_guesser(texts, answers, seed=3), train_guesser(texts, answers, seed=3)
    assert torch.equal(first.bag.weight, again.bag.weight)


def test_wrong_lengths_are_an_error():
    with pytest.raises(ValueError, match="one answer per statement"):
        train_guesser(["a"], [])
