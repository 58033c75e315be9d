import os
import random
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.states import StateTiers
from yofo_rerank.models.states.disk import DiskTier
from yofo_rerank.models.states.state import pack, unpack

MODEL, OTHER = b"m" * 32, b"o" * 32
WRITER = """
import sys, torch
from yofo_rerank.models.states.disk import DiskTier
from yofo_rerank.models.states.state import PrefixState, pack
disk = DiskTier(sys.argv[1], b"m" * 32, int(sys.argv[2]))
print("ready", flush=True)
for number in range(int(sys.argv[3]), 10**9):
    state = PrefixState(torch.full((2, 2, 4, 64, 16), float(number)), number)
    disk.put(number.to_bytes(32, "big"), pack(state))
    print(number, flush=True)
"""


def key(number):
    return number.to_bytes(32, "big")


def same(one, other):
    return torch.equal(one.keys_values, other.keys_values) and one.next_position == other.next_position


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_read_is_what_was_written(tmp_path, make_state, dtype, int8):
    state = make_state(seed=1, dtype=dtype)
    DiskTier(tmp_path, MODEL).put(key(1), pack(state, int8=int8))
    again = DiskTier(tmp_path, MODEL)
    assert same(unpack(again.get(key(1))), unpack(pack(state, int8=int8)))
    assert again.get(key(2)) is None
    assert again.entries == 1
    (tmp_path / "plain").touch()
    assert files(tmp_path)[0].stat().st_mode == (tmp_path / "plain").stat().st_mode  # others may read it, too
    (tmp_path / "plain").unlink()
    assert again.used == sum(path.stat().st_size for path in files(tmp_path))


def test_after_a_restart_it_is_the_disk_that_hits(tmp_path, make_state):
    first = StateTiers(2**20, folder=tmp_path, identity=MODEL)
    first.put(key(1), make_state())
    first.flush()
    again = StateTiers(2**20, folder=tmp_path, identity=MODEL)
    for _ in range(2):
        assert same(again.get(key(1)), make_state())
    assert (again.stats.hits, again.stats.from_disk, again.stats.disk_entries) == (2, 1, 1)


def test_another_model_is_never_read(tmp_path, make_state):
    one = DiskTier(tmp_path, MODEL)
    one.put(key(1), pack(make_state(seed=1)))
    other = DiskTier(tmp_path, OTHER)
    assert other.get(key(1)) is None
    [path] = files(tmp_path)
    path.rename(tmp_path / other._model / path.name)  # and not even if somebody moves its file
    assert other.get(key(1)) is None


def test_a_damaged_state_is_computed_again_and_said_once(tmp_path, make_state, caplog):
    disk = DiskTier(tmp_path, MODEL)
    rng = random.Random(0)
    for number in range(12):
        disk.put(key(number), pack(make_state(40, seed=number)))
    for number, path in enumerate(sorted(files(tmp_path))):
        content = bytearray(path.read_bytes())
        if number % 3 == 0:
            content[-1 - rng.randrange(600)] ^= 1 << rng.randrange(8)  # in the numbers
        elif number % 3 == 1:
            content = content[: rng.randrange(len(content))]
        else:
            content[rng.randrange(8)] ^= 0x55  # in the header's length
        path.write_bytes(content)
    again = DiskTier(tmp_path, MODEL)
    assert all(again.get(key(number)) is None for number in range(12))
    assert sum("cannot be read" in record.message for record in caplog.records) == len(caplog.records) == 1
    assert files(tmp_path) == []
    again.put(key(3), pack(make_state(seed=3)))
    assert same(unpack(again.get(key(3))), make_state(seed=3))


def test_the_budget_holds_and_the_longest_unused_goes_first(tmp_path, make_state):
    size = 1500
    disk = DiskTier(tmp_path, MODEL, 10 * size)
    for number in range(40):
        disk.put(key(number), pack(make_state(40, seed=number)))
        assert sum(path.stat().st_size for path in files(tmp_path)) <= 10 * size
        disk.get(key(0))
    assert disk.get(key(0)) is not None
    assert disk.get(key(1)) is None
    assert disk.get(key(39)) is not None


def test_a_smaller_budget_empties_the_folder_by_age(tmp_path, make_state):
    disk = DiskTier(tmp_path, MODEL)
    for number in range(20):
        disk.put(key(number), pack(make_state(40, seed=number)))
        os.utime(tmp_path / disk._name(key(number)), (1_000_000 + number, 1_000_000 + number))
    one = files(tmp_path)[0].stat().st_size
    small = DiskTier(tmp_path, OTHER, 6 * one)
    assert len(files(tmp_path)) == small.entries == 5
    assert DiskTier(tmp_path, MODEL).get(key(19)) is not None


def test_two_processes_on_one_folder(tmp_path, make_state):
    budget = 60 * 36_000
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(budget), start], stdout=subprocess.PIPE)
        for start in ("0", "0")  # the same states, too
    ]
    ours = DiskTier(tmp_path, MODEL, budget)
    for writer in writers:
        assert writer.stdout is not None
        for _ in range(120):
            writer.stdout.readline()
    found = [(number, ours.get(key(number))) for number in range(200)]
    for writer in writers:
        writer.kill()
        writer.wait()
    there = [(number, unpack(packed)) for number, packed in found if packed]
    assert len(there) > 10
    assert all((state.keys_values == number).all() and state.next_position == number for number, state in there)
    states = [path for path in files(tmp_path) if path.suffix == ".safetensors"]
    assert sum(path.stat().st_size for path in states) <= 1.15 * budget  # each notices the other after 5 %


def test_killed_at_any_moment_what_is_there_is_whole(tmp_path):
    rng, budget = random.Random(0), 2**30
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(budget), "0"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.uniform(0.02, 0.1))
        writer.kill()
        written = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
        disk = DiskTier(tmp_path, MODEL, budget)
        for number in written:
            assert (unpack(disk.get(key(number))).keys_values == number).all()


def test_drafts_of_killed_processes_go_and_other_files_stay(tmp_path, make_state):
    disk = DiskTier(tmp_path, MODEL)
    disk.put(key(1), pack(make_state()))
    inner = tmp_path / disk._model
    old, new = (inner / f"{key(number).hex()}.{'0' * 32}.draft" for number in (2, 3))
    for path in (old, new, inner / "notes.txt", tmp_path / "model.safetensors"):
        path.write_bytes(b"x" * 9999)
    os.utime(old, (1, 1))
    DiskTier(tmp_path, MODEL, 1)
    assert sorted(path.name for path in files(tmp_path)) == sorted(["model.safetensors", "notes.txt", new.name])


def test_a_full_disk_is_said_once_and_leaves_nothing_half(tmp_path, make_state, monkeypatch, caplog):
    def full(tensors, path, about):
        path.write_bytes(b"half")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    from safetensors import SafetensorError

    monkeypatch.setattr("safetensors.torch.save_file", full)
    disk = DiskTier(tmp_path, MODEL)
    for number in range(3):
        disk.put(key(number), pack(make_state()))
    assert sum("No space" in record.message for record in caplog.records) == len(caplog.records) == 1
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot make the folder"):
        DiskTier(tmp_path / "file" / "states", MODEL)


def test_without_a_budget_half_of_the_free_space_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    assert DiskTier(tmp_path, MODEL).max_bytes == 500
