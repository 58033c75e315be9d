"""Files inside a root: no path, link, race or trick opens one outside it."""

import os
import threading
import time

import pytest
from PIL import Image

from yofo_rerank import Document, files
from yofo_rerank.errors import ImageError
from yofo_rerank.files import open_at_once, open_step_by_step, read_regular_file

INSIDE, OUTSIDE = b"inside", b"outside"
SECONDS = 1.0  # each race


@pytest.fixture(params=["at once", "step by step"])
def way(request, monkeypatch):
    """Both ways of opening."""
    if request.param == "step by step":
        monkeypatch.setattr(files, "open_at_once", lambda *arguments: None)
    return request.param


@pytest.fixture
def root(tmp_path):
    """root/sub/a.png is inside; outside/a.png is not."""
    for folder, content in (("root/sub", INSIDE), ("outside", OUTSIDE)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.png").write_bytes(content)
    return tmp_path / "root"


def read(path, root):
    return read_regular_file(path, max_bytes=100, root=root)


def code_of(path, root):
    with pytest.raises(ImageError) as caught:
        read(path, root)
    return caught.value.code


def test_files_inside_are_read(root, way):
    (root / "link.png").symlink_to("sub/a.png")
    (root / "absolute.png").symlink_to(root / "sub" / "a.png")
    (root / "linked").symlink_to("sub")
    inside = ["sub/a.png", root / "sub/a.png", "sub/../sub/a.png", "link.png", "absolute.png", "linked/a.png"]
    assert {read(path, root) for path in inside} == {INSIDE}


def test_nothing_outside_is_read(root, way):
    (root / "link.png").symlink_to(root.parent / "outside" / "a.png")
    (root / "linked").symlink_to("../outside")
    (root / "proc").symlink_to("/proc/self/root")
    outside = ["../outside/a.png", root.parent / "outside/a.png", "link.png", "linked/a.png", "/etc/hostname"]
    outside += [f"proc/{root.parent}/outside/a.png", "sub/../../outside/a.png"]
    assert {code_of(path, root) for path in outside} == {"outside_root"}
    assert code_of("linked/none.png", root) == "missing"
    assert {code_of(path, root) for path in (".", root, "sub")} == {"not_a_file"}


def test_a_root_may_itself_be_a_link(root, way):
    (root.parent / "alias").symlink_to(root)
    assert read("sub/a.png", root.parent / "alias") == INSIDE


def test_a_hard_link_passes_as_the_documentation_says(root, way):
    os.link(root.parent / "outside" / "a.png", root / "hard.png")
    assert read("hard.png", root) == OUTSIDE


@pytest.mark.parametrize("open_below", [open_at_once, open_step_by_step])
def test_no_way_follows_a_link(root, open_below):
    (root / "link").symlink_to("sub")
    (root / "sub" / "link.png").symlink_to("a.png")
    descriptor = os.open(root, os.O_RDONLY)
    try:
        opened = open_below(descriptor, ("sub", "a.png"))
        if opened is None:
            pytest.skip("this system has no openat2")
        assert os.read(opened, 100) == INSIDE
        os.close(opened)
        for parts in (("link", "a.png"), ("sub", "link.png")):
            with pytest.raises(OSError):  # the number depends on the way
                open_below(descriptor, parts)
    finally:
        os.close(descriptor)


def race(swap, attempt):
    """Attempt for a while what another thread makes dangerous; results counted."""
    done, found = threading.Event(), {}

    def keep_swapping():
        while not done.is_set():
            swap()

    thread = threading.Thread(target=keep_swapping)
    thread.start()
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            result = attempt()
            found[result] = found.get(result, 0) + 1
    finally:
        done.set()
        thread.join()
    return found


def exchange(first, second, spare):
    """Two names change places."""
    os.rename(first, spare)
    os.rename(second, first)
    os.rename(spare, second)


def outcome(path, root):
    try:
        return read(path, root)
    except ImageError as error:
        return error.code


def test_a_folder_that_becomes_a_link_lets_nothing_out(root, way):
    (root / "evil").symlink_to(root.parent / "outside")
    found = race(lambda: exchange(root / "sub", root / "evil", root / "spare"), lambda: outcome("sub/a.png", root))
    assert OUTSIDE not in found
    assert found.get(INSIDE, 0) > 0 and found.get("outside_root", 0) > 0, found  # the race was one


def test_a_file_that_becomes_a_link_lets_nothing_out(root, way):
    (root / "sub" / "evil").symlink_to(root.parent / "outside" / "a.png")
    names = [root / "sub" / name for name in ("a.png", "evil", "spare")]
    found = race(lambda: exchange(*names), lambda: outcome("sub/a.png", root))
    assert OUTSIDE not in found
    assert found.get(INSIDE, 0) > 0 and found.get("outside_root", 0) > 0, found


def test_a_document_carries_its_root_to_the_opening(root):
    for folder, colour in (("root/sub", "red"), ("outside", "blue")):
        Image.new("RGB", (8, 8), colour).save(root.parent / folder / "a.png")
    document = Document(image="sub/a.png", root=root)
    assert document.load_image().getpixel((0, 0)) == (255, 0, 0)
    assert document.image_bytes() == (root / "sub" / "a.png").read_bytes()
    (root / "sub").rename(root / "was")
    (root / "sub").symlink_to(root.parent / "outside")
    for opened in (document.load_image, document.image_bytes):
        with pytest.raises(ImageError) as caught:
            opened()
        assert caught.value.code == "outside_root"
