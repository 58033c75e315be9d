"""Pictures are named by their bytes; the split and the pairs follow from that alone."""

import hashlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from evals.builders.images import Picture, as_jpeg, draw_pairs, find_pictures, keep_picture
from yofo_rerank.errors import ConfigError


def some(count, category="a"):
    return [
        Picture(None, hashlib.sha256(f"{category}{number}".encode()).hexdigest(), category) for number in range(count)
    ]


def test_a_twin_is_the_same_picture(pictures):
    found = find_pictures(pictures)
    assert len(found) == 28
    assert Counter(picture.category for picture in found) == {"tops": 14, "skirts": 14}


def test_the_split_is_six_to_one_and_moves_with_nothing(pictures, tmp_path):
    many = some(7000)
    share = sum(picture.split == "validation" for picture in many) / len(many)
    assert share == pytest.approx(1 / 7, abs=0.02)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in pictures.rglob("*.png"):
        (moved / f"renamed-{path.name}").write_bytes(path.read_bytes())
    assert {one.digest: one.split for one in find_pictures(moved)} == {
        one.digest: one.split for one in find_pictures(pictures)
    }


@pytest.mark.parametrize("count", [5, 100])
def test_pairs_are_of_one_category_and_side_and_never_twice(count):
    pictures = some(40) + some(40, "b")
    pairs = draw_pairs(pictures, count, seed=1)
    assert len({frozenset(one.digest for one in pair) for pair in pairs}) == count
    assert all(first.category == second.category and first.split == second.split for first, second in pairs)
    assert all(first.digest != second.digest for first, second in pairs)
    assert draw_pairs(pictures, count, seed=1) == pairs != draw_pairs(pictures, count, seed=2)


def test_more_pairs_hold_those_of_before_the_same_way_round():
    pictures = [Picture(Path(f"{number}.jpg"), f"{number:064x}", "tops") for number in range(60)]
    pictures = [one for one in pictures if one.split == pictures[0].split]
    few, more = (draw_pairs(pictures, count, seed=1) for count in (20, 60))
    assert set(few) <= set(more)
    turned = [first.digest < second.digest for first, second in more]
    assert 10 < sum(turned) < 50


def test_more_pairs_than_there_are_is_an_error():
    pictures = [picture for picture in some(30) if picture.split == "train"][:4]
    assert len(draw_pairs(pictures, 6, seed=0)) == 6
    with pytest.raises(ConfigError, match="wanted 7 pairs, but 6"):
        draw_pairs(pictures, 7, seed=0)


def test_a_folder_without_images_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="found none"):
        find_pictures(tmp_path)


def test_large_pictures_are_sent_small(tmp_path):
    Image.new("RGB", (800, 400), "red").save(tmp_path / "a.png")
    sent = as_jpeg(tmp_path / "a.png", 20_000, tmp_path)
    (tmp_path / "sent.jpg").write_bytes(sent)
    size = Image.open(tmp_path / "sent.jpg").size
    assert size == (200, 100)


def test_a_kept_picture_is_the_same_file_again(pictures, tmp_path):
    picture = find_pictures(pictures)[0]
    names = {keep_picture(picture, tmp_path) for _ in range(2)}
    assert len(names) == 1
    assert (tmp_path / names.pop()).read_bytes() == picture.path.read_bytes()


def test_threads_that_keep_one_picture_leave_one_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"picture")
    picture = Picture(path, hashlib.sha256(b"picture").hexdigest(), "tops")
    for attempt in range(20):
        folder, barrier = tmp_path / str(attempt), threading.Barrier(8)
        folder.mkdir()

        def keep(folder=folder, barrier=barrier):
            barrier.wait()
            return keep_picture(picture, folder)

        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(keep) for _ in range(8)]
        (name,) = {one.result() for one in asked}
        assert [one.relative_to(folder).as_posix() for one in folder.rglob("*.png")] == [name]
        assert (folder / name).read_bytes() == b"picture"
