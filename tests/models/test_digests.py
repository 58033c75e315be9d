import hashlib
import json
import os
import threading
import time

import pytest

from yofo_rerank.models import digests
from yofo_rerank.models.digests import FileDigests

LONG_AGO = 1_600_000_000


def write(path, content, *, age=LONG_AGO):
    path.write_bytes(content)
    os.utime(path, (age, age))
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def read_files(monkeypatch):
    """Names of files that were read, in order."""
    read = []
    hash_file = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, kind: read.append(os.path.basename(file.name)) or hash_file(file, kind)
    )
    return read


def test_a_file_is_read_once_by_this_process_and_the_next(tmp_path, read_files):
    wanted, memory = write(tmp_path / "weights", b"weights"), tmp_path / "kept" / "digests.json"
    first = FileDigests(memory)
    assert [first.of(tmp_path / "weights") for _ in range(3)] == [wanted] * 3
    assert FileDigests(memory).of(tmp_path / "weights") == wanted
    (tmp_path / "link").symlink_to(tmp_path / "weights")
    assert first.of(tmp_path / "link") == wanted
    assert read_files == ["weights"]


@pytest.mark.parametrize(
    "change",
    [
        lambda path: write(path, b"longer than before"),
        lambda path: write(path, b"WEIGHTS", age=LONG_AGO + 1),
        lambda path: (write(path.with_name("new"), b"WEIGHTS"), path.with_name("new").replace(path)),
    ],
    ids=["size", "time", "inode"],
)
def test_a_changed_file_is_read_again(tmp_path, change):
    memory = FileDigests()
    path = tmp_path / "weights"
    before = write(path, b"weights")
    assert memory.of(path) == before
    change(path)
    assert memory.of(path) == hashlib.sha256(path.read_bytes()).hexdigest() != before


def test_what_changed_a_moment_ago_is_not_remembered(tmp_path, read_files):
    memory = FileDigests()
    path = tmp_path / "weights"
    for content in (b"one", b"two"):  # same size, and perhaps the same tick of the clock
        digest = write(path, content, age=time.time())
        assert memory.of(path) == digest
    assert read_files == ["weights"] * 2


def test_a_file_that_changes_while_it_is_read_is_read_again_but_not_for_ever(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    write(path, b"0")
    contents, hash_file = iter(range(2, 99)), hashlib.file_digest

    def change_and_hash(file, kind):
        found = hash_file(file, kind)
        write(path, b"x" * next(contents))
        return found

    monkeypatch.setattr(hashlib, "file_digest", change_and_hash)
    with pytest.raises(OSError, match="changes while it is read"):
        FileDigests().of(path)


@pytest.mark.parametrize("stored", [b"", b"[1]", b'{"a": 3}', b"\xff\xfe", b'{"a": [["x"], "b"]}'])
def test_a_damaged_memory_is_no_memory(tmp_path, stored):
    wanted = write(tmp_path / "weights", b"weights")
    (tmp_path / "digests.json").write_bytes(stored)
    assert FileDigests(tmp_path / "digests.json").of(tmp_path / "weights") == wanted
    assert list(json.loads((tmp_path / "digests.json").read_bytes())) == [str(tmp_path / "weights")]


def test_where_nothing_can_be_written_it_works_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    wanted = write(tmp_path / "weights", b"weights")
    assert FileDigests(tmp_path / "file" / "digests.json").of(tmp_path / "weights") == wanted


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "MAX_REMEMBERED", 3)
    memory = FileDigests()
    for number in range(9):
        write(tmp_path / str(number), b"x")
        memory.of(tmp_path / str(number))
    assert len(memory._known) == 3


def test_many_threads(tmp_path):
    memory = FileDigests(tmp_path / "digests.json")
    wanted = {name: write(tmp_path / name, name.encode()) for name in "abcdef"}
    found = []

    def work():
        found.extend((name, memory.of(tmp_path / name)) for name in wanted for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 * 6 * 5
    assert all(wanted[name] == digest for name, digest in found)
