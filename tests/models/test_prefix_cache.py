import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank.models.prefix_cache import PrefixCache, PrefixState, prefix_key


def state(tokens):
    return PrefixState(torch.zeros(1, 2, 1, tokens, 1), tokens)  # 8 bytes per token


def test_least_recently_used_goes_first():
    cache = PrefixCache(80)
    cache.put(b"a", state(4))
    cache.put(b"b", state(4))
    assert cache.get(b"a") is not None
    cache.put(b"c", state(4))
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None and cache.get(b"c") is not None
    stats = cache.stats
    assert (stats.hits, stats.misses, stats.evictions, stats.entries, stats.bytes) == (3, 1, 1, 2, 64)


def test_a_state_larger_than_the_cache_is_not_kept():
    cache = PrefixCache(80)
    cache.put(b"small", state(4))
    cache.put(b"large", state(11))
    assert cache.stats.entries == 1
    assert cache.get(b"small") is not None


def test_the_same_key_again_replaces():
    cache = PrefixCache(80)
    cache.put(b"a", state(4))
    cache.put(b"a", state(6))
    assert (cache.stats.entries, cache.stats.bytes, cache.stats.evictions) == (1, 48, 0)


def test_clear_and_off():
    cache = PrefixCache(80)
    cache.put(b"a", state(4))
    cache.clear()
    assert (cache.stats.entries, cache.stats.bytes) == (0, 0)
    off = PrefixCache(0)
    off.put(b"a", state(1))
    assert off.get(b"a") is None
    with pytest.raises(ValueError, match=r"0 \(off\) or more, but got -1"):
        PrefixCache(-1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 12)), max_size=60))
def test_bytes_are_bounded_and_counted_right(puts):
    cache = PrefixCache(200)
    for key, tokens in puts:
        cache.put(bytes([key]), state(tokens))
        stats = cache.stats
        assert stats.bytes <= 200
        assert stats.bytes == sum(one.nbytes for one in cache._states.values())


def test_many_threads():
    cache = PrefixCache(400)

    def work(seed):
        for step in range(300):
            key = bytes([(seed * 7 + step) % 20])
            if cache.get(key) is None:
                cache.put(key, state(5))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats
    assert stats.hits + stats.misses == 8 * 300
    assert stats.bytes == stats.entries * 40 <= 400


def picture(mode, width, height, value=0):
    return Image.new(mode, (width, height), value)


def test_size_and_mode_are_part_of_the_key():
    pictures = [picture("RGB", 30, 100), picture("RGB", 100, 30), picture("L", 90, 100), picture("L", 30, 300)]
    assert len({image.tobytes() for image in pictures}) == 1
    assert len({prefix_key(b"", image, None) for image in pictures}) == 4


def test_every_part_matters_and_no_text_is_not_an_empty_one():
    image = picture("RGB", 4, 4)
    keys = [
        prefix_key(b"", image, None),
        prefix_key(b"", image, ""),
        prefix_key(b"x", image, None),
        prefix_key(b"", image, "x"),
        prefix_key(b"", None, None),
        prefix_key(b"", None, "x"),
        prefix_key(b"", picture("RGB", 4, 4, 1), None),
    ]
    assert len(set(keys)) == len(keys)
    assert prefix_key(b"", picture("RGB", 4, 4), None) == keys[0]


@given(st.tuples(st.binary(max_size=6), st.text(max_size=6)), st.tuples(st.binary(max_size=6), st.text(max_size=6)))
def test_equal_keys_mean_equal_parts(one, other):
    assert (prefix_key(one[0], None, one[1]) == prefix_key(other[0], None, other[1])) == (one == other)
