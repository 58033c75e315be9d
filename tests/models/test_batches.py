import random

from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.models.batches import PENDING_BUDGETS, batches


def run(items, max_tokens):
    return list(batches(items, bucket=lambda item: item[0], tokens=lambda item: item[1], max_tokens=max_tokens))


def test_full_buckets_stay_together_and_leftovers_share():
    items = [("a", 10), ("b", 20), ("a", 10), ("a", 10), ("c", 9)]
    assert run(items, 20) == [[("a", 10), ("a", 10)], [("b", 20)], [("a", 10), ("c", 9)]]


def test_an_item_over_the_budget_goes_alone():
    assert run([("a", 99), ("a", 1), ("a", 1)], 4) == [[("a", 99)], [("a", 1), ("a", 1)]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 30))), st.integers(1, 60))
def test_nothing_is_lost_and_the_budget_holds(items, max_tokens):
    numbered = [(*item, number) for number, item in enumerate(items)]
    groups = run(numbered, max_tokens)
    assert sorted(item for group in groups for item in group) == sorted(numbered)
    for group in groups:
        assert len(group) == 1 or len(group) * max(item[1] for item in group) <= max_tokens


def test_few_items_wait_at_a_time():
    taken = 0

    def stream():
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield (number, 10)

    groups = batches(stream(), bucket=lambda item: item[0], tokens=lambda item: item[1], max_tokens=10)
    next(groups)
    assert taken <= PENDING_BUDGETS + 1


def test_texts_of_many_lengths_are_little_padding():
    rng = random.Random(0)
    lengths = sorted(rng.randint(20, 900) for _ in range(100))
    groups = list(batches(lengths, bucket=lambda _: 0, tokens=int, max_tokens=8192))
    assert sum(len(group) * max(group) for group in groups) <= 1.07 * sum(lengths)
    assert len(groups) <= 20


def test_kinds_never_share_a_batch():
    groups = list(batches(range(1, 20), bucket=str, tokens=int, max_tokens=100, kind=lambda n: n % 2))
    assert all(len({number % 2 for number in group}) == 1 for group in groups)
    assert len(groups) > 2
