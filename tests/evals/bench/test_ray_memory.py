"""The table of peaks that a page includes, and the pictures that are judged for it."""

import pytest

pytest.importorskip("ray", reason="the extra `ray`")

from evals.bench.ray_memory import draw, markdown, of_processes
from yofo_rerank.documents import load_folder


def test_the_table_has_a_row_for_each_run():
    run = {"pictures": 1000, "decoded_mb": 786.4, "processes_mb": 1129.2, "object_store_mb": 50.4}
    head, line, first, second = markdown([run, run | {"pictures": 4000, "decoded_mb": 3145.7}]).splitlines()
    assert head.count("|") == line.count("|") == first.count("|")
    assert first == "| 1,000 | 786 MB | 1,129 MB | 50 MB |"
    assert second == "| 4,000 | 3,146 MB | 1,129 MB | 50 MB |"


def test_pictures_differ_and_this_process_is_counted(tmp_path):
    draw(tmp_path, 300, 8)
    pictures = [document.load_image() for document in load_folder(tmp_path)]
    assert len({picture.tobytes() for picture in pictures}) == 300
    assert {picture.size for picture in pictures} == {(8, 8)}
    assert of_processes() > 1_000_000
