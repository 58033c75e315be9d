"""A file is whole or not there, whatever its folder is called and wherever it lies."""

import os

import pytest
from pyarrow import fs

from yofo_rerank.errors import RetrievalError
from yofo_rerank.retrieval import facet_files
from yofo_rerank.scale import judge_catalogue, writing


class Renaming:
    """Takes the place of HDFS, which no test has: a file is there as soon as it is opened."""

    type_name = "hdfs"

    def __init__(self, full=False):
        self.files, self.full, self.opened = fs.LocalFileSystem(), full, []
        self.move, self.delete_file = self.files.move, self.files.delete_file

    def open_output_stream(self, path):
        self.opened.append(path.rpartition("/")[2])
        sink = self.files.open_output_stream(path)
        if self.full:
            sink.write(b"half")
            sink.close()  # so that the next write fails
        return sink


def hdfs(monkeypatch, files):
    monkeypatch.setattr(writing, "filesystem", lambda address: (files, address.removeprefix("hdfs://shop")))


def test_a_file_address_is_written_aside(tmp_path, monkeypatch):
    path = tmp_path / "50% off" / "x.parquet"
    path.parent.mkdir()
    writing.put(path.as_uri(), b"old")
    assert path.read_bytes() == b"old"

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writing.put(path.as_uri(), b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_given_by_a_file_address_is_locked(pictures, no_cluster, tmp_path):
    folder, out = pictures(2), tmp_path / "50% off"
    out.mkdir()
    with facet_files.judging(out / "catalogue"), pytest.raises(RetrievalError) as caught:
        judge_catalogue(folder, None, ["is red"], out.as_uri())
    assert caught.value.code == "locked"
    assert no_cluster == []
    assert judge_catalogue(folder, None, ["is red"], out.as_uri()).written == 1
    assert judge_catalogue(folder, None, ["is red"], out).found == 1


def test_a_file_in_hdfs_is_written_aside_and_moved(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    files = Renaming()
    hdfs(monkeypatch, files)
    for data in (b"old", b"new"):
        writing.put(f"hdfs://shop{path}", data)
        assert path.read_bytes() == data
    assert files.opened == [".yofo-tmp-x.parquet"] * 2
    hdfs(monkeypatch, Renaming(full=True))
    with pytest.raises(ValueError, match="closed"):
        writing.put(f"hdfs://shop{path}", b"newer")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
