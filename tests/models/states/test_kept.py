import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.models.states.kept import Kept


def hit_rate(max_bytes, trace):
    kept, hits = Kept(max_bytes), 0
    for key in trace:
        if kept.get(key) is None:
            kept.put(key, key, 1)
        else:
            hits += 1
    return hits / len(trace)


def test_candidates_scanned_again_and_again_through_half_the_room():
    assert hit_rate(50, list(range(100)) * 10) >= 0.4  # 0.45 is possible; the longest unused first would have 0


def test_in_any_order():
    rng = random.Random(0)
    assert hit_rate(50, [key for _ in range(10) for key in rng.sample(range(100), 100)]) >= 0.35


def test_queries_about_the_same_documents_one_after_another():
    sessions = [100 * session + key for session in range(30) for _ in range(3) for key in range(100)]
    assert hit_rate(250, sessions) == pytest.approx(2 / 3)  # all that is possible


def test_after_a_scan_it_learns_what_is_asked_now():
    scan = list(range(300)) * 5
    sessions = [10_000 + 100 * session + key for session in range(20) for _ in range(3) for key in range(100)]
    kept = Kept(150)
    for key in scan:
        if kept.get(key) is None:
            kept.put(key, key, 1)
    hits = 0
    for key in sessions:
        hit = kept.get(key) is not None
        hits += hit
        if not hit:
            kept.put(key, key, 1)
    assert hits / len(sessions) > 0.6


def test_the_longest_unused_goes_first_and_what_went_is_said():
    kept = Kept(10)
    assert kept.put("a", 1, 4) == kept.put("b", 2, 4) == []
    assert kept.get("a") == 1
    assert kept.put("c", 3, 4) == [("b", 2)]
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    assert list(kept) == ["a", "c"]


def test_too_large_is_not_kept_and_removes_nothing():
    kept = Kept(10)
    kept.put("a", 1, 4)
    assert kept.put("b", 2, 11) == [("b", 2)]
    assert "a" in kept and len(kept) == 1


@given(
    st.integers(1, 30),
    st.lists(st.tuples(st.sampled_from("pgr"), st.integers(0, 9), st.integers(1, 12)), max_size=120),
)
def test_bytes_are_bounded_and_counted_right(max_bytes, steps):
    kept, model = Kept(max_bytes), {}
    for what, key, size in steps:
        if what == "p":
            model[key] = (size, size)
            for gone, _ in kept.put(key, size, size):
                del model[gone]
        elif what == "r":
            kept.remove(key)
            model.pop(key, None)
        else:
            assert kept.get(key) == model.get(key, (None,))[0]
        assert kept.bytes == sum(size for _, size in model.values()) <= max_bytes
        assert set(kept) == set(model)
