"""Images in files: what is no regular file, locked, huge, growing or outside of the root is refused."""

import base64
import os
import time
import tracemalloc

import pytest

from tests.test_images import refused, two_coloured
from yofo_rerank.errors import ImageError
from yofo_rerank.images import ImageLimits, load_image, read_regular_file


def test_files_that_are_not_files(tmp_path):
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "locked.png").write_bytes(b"x")
    start = time.perf_counter()
    assert refused(tmp_path / "fifo.png") == "not_a_file"
    assert refused(tmp_path) == "not_a_file"
    assert refused("/dev/zero") == "not_a_file"
    assert refused(tmp_path / "none.png") == "missing"
    assert refused(tmp_path / "locked.png" / "a.png") == "missing"
    assert refused("a\x00.png") == "bad_path"
    assert refused("x" * 100_000) == "missing"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refused(tmp_path / "loop") in ("bad_path", "missing")
    assert time.perf_counter() - start < 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_locked_file(tmp_path):
    (tmp_path / "locked.png").write_bytes(b"x")
    (tmp_path / "locked.png").chmod(0)
    assert refused(tmp_path / "locked.png") == "unreadable"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(100 * 2**20)
    tracemalloc.start()
    try:
        assert refused(tmp_path / "huge.png") == "too_many_bytes"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_fails_while_read_is_unreadable(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"x")

    def deny(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    assert refused(tmp_path / "a.png") == "unreadable"


def test_a_long_path_is_not_echoed():
    content = base64.b64encode(os.urandom(3000)).decode()
    with pytest.raises(ImageError) as caught:
        load_image(content)
    assert content[:50] not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_root_confines_paths(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "sub", outside):
        folder.mkdir(parents=True)
    two_coloured().save(root / "sub" / "a.png")
    two_coloured().save(outside / "b.png")
    (root / "link.png").symlink_to(outside / "b.png")
    (root / "inner.png").symlink_to(root / "sub" / "a.png")
    (root / "linked").symlink_to(outside)
    (tmp_path / "root-twin").symlink_to(outside)
    limits = ImageLimits(root=root)
    for inside in ("sub/a.png", "inner.png", "sub/../sub/a.png", root / "sub" / "a.png"):
        assert load_image(inside, limits).size == (32, 16)
    for escape in (
        "../outside/b.png",
        "link.png",
        "linked/b.png",
        outside / "b.png",
        "sub/../../outside/b.png",
        "../root-twin/b.png",
    ):
        assert refused(escape, limits) == "outside_root"
    assert refused("%2e%2e/outside/b.png", limits) == "missing"
    assert refused("a.png\x00", limits) == "bad_path"


def test_read_regular_file_of_a_growing_kind(tmp_path):
    with pytest.raises(ImageError) as caught:
        read_regular_file("/proc/self/status", max_bytes=10)  # says that it has 0 bytes
    assert caught.value.code == "too_many_bytes"
