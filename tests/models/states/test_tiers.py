import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.models.states import StateTiers, budget, tiers
from yofo_rerank.models.states.state import Packed, PrefixState, pack, unpack

MIB = 2**20


def same(one, other):
    return torch.equal(one.keys_values, other.keys_values) and one.next_position == other.next_position


def test_least_recently_used_goes_first(make_state):
    cache = StateTiers(160)
    cache.put(b"a", make_state())
    cache.put(b"b", make_state())
    assert cache.get(b"a") is not None
    cache.put(b"c", make_state())
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None and cache.get(b"c") is not None
    stats = cache.stats
    assert (stats.hits, stats.misses, stats.evictions, stats.entries, stats.bytes) == (3, 1, 1, 2, 128)
    assert stats.hit_rate == 0.75


def test_a_state_larger_than_the_cache_is_not_kept(make_state):
    cache = StateTiers(160)
    cache.put(b"small", make_state(4))
    cache.put(b"large", make_state(11))
    assert (cache.stats.entries, cache.stats.evictions) == (1, 0)
    assert cache.get(b"small") is not None


def test_the_same_key_again_replaces(make_state):
    cache = StateTiers(160)
    cache.put(b"a", make_state(4))
    cache.put(b"a", make_state(6))
    assert (cache.stats.entries, cache.stats.bytes, cache.stats.evictions) == (1, 96, 0)


def test_clear_and_off(make_state):
    cache = StateTiers(160)
    cache.put(b"a", make_state())
    cache.clear()
    assert (cache.stats.entries, cache.stats.bytes) == (0, 0)
    off = StateTiers(0)
    off.put(b"a", make_state(1))
    assert off.get(b"a") is None
    with pytest.raises(ValueError, match=r"0 \(off\) or more, but got -1"):
        StateTiers(-1)


def test_candidates_scanned_again_and_again_through_half_the_room(make_state):
    cache = StateTiers(50 * make_state().nbytes)
    for _ in range(10):
        for number in range(100):
            if cache.get(bytes([number])) is None:
                cache.put(bytes([number]), make_state())
    assert cache.stats.hit_rate >= 0.4


def test_many_threads(make_state):
    cache = StateTiers(800)

    def work(seed):
        for step in range(300):
            key = bytes([(seed * 7 + step) % 20])
            if cache.get(key) is None:
                cache.put(key, make_state(5))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats
    assert stats.hits + stats.misses == 8 * 300
    assert stats.bytes == stats.entries * 80 <= 800


@pytest.fixture
def three_tiers(monkeypatch, tmp_path):
    """Two states on the "GPU", four in host memory, the rest on disk; a move to the GPU is a copy that can be told."""
    moved = []

    def move(packed):
        moved.append("up")
        return Packed({name: tensor.clone() for name, tensor in packed.tensors.items()}, *_rest(packed))

    def memory(_cache_bytes, _device):
        return [tiers._Memory(2 * 64, move), tiers._Memory(4 * 64, lambda packed: moved.append("down") or packed)]

    monkeypatch.setattr(tiers, "_memory", memory)
    return StateTiers(None, device="cuda", folder=tmp_path, identity=b"model"), moved


def _rest(packed):
    return packed.next_position, packed.dtype


def test_what_the_gpu_has_no_room_for_goes_to_the_host_and_comes_back(three_tiers, make_state):
    cache, moved = three_tiers
    for number in range(6):
        cache.put(bytes([number]) * 32, make_state(seed=number))
    assert moved == ["down"] * 4
    assert cache.stats.entries == 6
    cache._disk = None
    assert same(cache.get(bytes([0]) * 32), make_state(seed=0))
    assert moved[4:] == ["up", "down"]
    assert cache.stats.evictions == 1  # the host keeps what it lends: one had to go


def test_what_no_memory_has_room_for_is_on_disk(three_tiers, make_state):
    cache, _ = three_tiers
    for number in range(12):
        cache.put(bytes([number]) * 32, make_state(seed=number))
    cache.flush()
    assert cache.stats.evictions == 6
    assert all(same(cache.get(bytes([number]) * 32), make_state(seed=number)) for number in range(12))
    assert (cache.stats.from_disk >= 6, cache.stats.disk_entries, cache.stats.misses) == (True, 12, 0)


def test_a_budget_larger_than_the_machine_is_cut_and_said(monkeypatch, caplog):
    monkeypatch.setattr(budget, "free_host_bytes", lambda: 100 * MIB)
    assert StateTiers(10**18).stats.max_bytes == 100 * MIB
    assert "more than is free" in caplog.text
    assert StateTiers(None).stats.max_bytes == 25 * MIB
    assert StateTiers(7 * MIB).stats.max_bytes == 7 * MIB


def test_a_container_has_what_it_may_use(monkeypatch, tmp_path):
    monkeypatch.setattr(budget, "_CGROUP", tmp_path)
    whole = budget.free_host_bytes()
    assert whole > MIB
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert budget.free_host_bytes() == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert budget.free_host_bytes() > MIB


def test_eight_bits_take_a_fourth_of_the_memory_and_are_near(make_state):
    generator = torch.Generator().manual_seed(0)
    keys_values = torch.randn(3, 2, 4, 40, 32, generator=generator)
    keys_values[:, 0, :, :, 3] *= 50  # a channel of keys that stands out
    keys_values[:, 1, :, 7] *= 50  # a token of values that does
    state = PrefixState(keys_values, 9)
    packed = pack(state, int8=True)
    assert packed.nbytes < 0.33 * state.nbytes
    back = unpack(packed)
    assert (back.keys_values.dtype, back.keys_values.shape, back.next_position) == (
        torch.float32, keys_values.shape, 9
    )  # fmt: skip
    error = (back.keys_values - keys_values).abs()
    assert 0 < error[:, 0].amax(2).div(keys_values[:, 0].abs().amax(2)).max() <= 0.5 / 127 + 1e-6
    assert error[:, 1].amax(3).div(keys_values[:, 1].abs().amax(3)).max() <= 0.5 / 127 + 1e-6


@settings(max_examples=30)
@given(st.integers(1, 6), st.sampled_from([torch.float32, torch.bfloat16, torch.float16]), st.integers(0, 9))
def test_plain_states_come_back_as_they_are(make_state, tokens, dtype, seed):
    state = make_state(tokens, seed, dtype)
    assert same(unpack(pack(state)), state)
    assert unpack(pack(state, int8=True)).keys_values.dtype == dtype


def test_zeros_in_eight_bits_stay_zeros():
    state = PrefixState(torch.zeros(1, 2, 1, 3, 2), 3)
    assert same(unpack(pack(state, int8=True)), state)


def test_writing_does_not_pile_up(tmp_path, make_state, monkeypatch):
    """A producer faster than the disk waits, and everything arrives."""
    cache = StateTiers(0, folder=tmp_path, identity=b"model")
    waiting, most = [], [0]
    put = cache._disk.put

    def slow(key, packed):
        most[0] = max(most[0], len(waiting))
        put(key, packed)
        waiting.pop()

    monkeypatch.setattr(cache._disk, "put", slow)
    with ThreadPoolExecutor(4) as pool:
        for number in range(40):
            pool.submit(lambda number=number: (waiting.append(0), cache.put(bytes([number]) * 32, make_state())))
    cache.flush()
    assert cache.stats.disk_entries == 40
    assert most[0] <= tiers.PENDING + 4
