"""A source that changed after it was judged: nothing is there twice, and nothing goes unless it is asked for."""

from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from pyarrow import parquet

from yofo_rerank.errors import ConfigError, RetrievalError
from yofo_rerank.scale import FaissShards, QdrantCollection, judge_catalogue, open_shards
from yofo_rerank.scale.partitions import partitions_of

TEXTS = ["is red", "is dark"]


def judge(folder, out, **options):
    return judge_catalogue(
        folder, None, TEXTS, out, **{"encoder": "e", "outputs": [FaissShards()], "size": 4} | options
    )


def documents(out):
    return sorted(row["document"] for path in out.glob("*.parquet") for row in parquet.read_table(path).to_pylist())


def kept(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def judged(pictures, no_cluster, tmp_path):
    """A folder of six pictures, its answers, and what was judged."""
    folder, out = pictures(6), tmp_path / "out"
    assert judge(folder, out).written == 2
    no_cluster.clear()
    return folder, out, no_cluster


def grow(folder):
    Image.new("RGB", (40, 32), (99, 0, 0)).save(folder / "000-more.png")


def write_again(folder):
    Image.new("RGB", (44, 32), (98, 0, 0)).save(folder / "001.png")


@pytest.mark.parametrize("change", [grow, write_again, lambda folder: (folder / "001.png").unlink(), None])
def test_what_changed_is_refused_before_anything_is_judged(judged, change):
    folder, out, asked = judged
    before = kept(out)
    if change:
        change(folder)
    with pytest.raises(RetrievalError, match=r"stale='remove'") as caught:
        judge(folder, out, size=4 if change else 3)
    assert caught.value.code == "another_catalogue"
    assert asked == []
    assert kept(out) == before


def test_what_changed_is_taken_away_everywhere_where_that_is_asked_for(judged, caplog):
    folder, out, asked = judged
    grow(folder)
    report = judge(folder, out, stale="remove")
    assert (report.removed, report.written, report.found, report.judged) == (2, 2, 0, 7)
    names = {one.name for one in partitions_of(folder, 4)}
    assert set(asked) == names
    for place, kind in (
        (out, "parquet"),
        (out / "vectors", "parquet"),
        (out / "faiss", "faiss"),
        (out / "faiss", "json"),
    ):
        assert {path.stem for path in place.glob(f"*.{kind}")} == names
    assert len(documents(out)) == 14
    assert len(set(documents(out))) == len(open_shards(out)) == 7
    assert "2 partitions" in caplog.text
    assert judge(folder, out, stale="remove").removed == 0


def test_what_is_as_it_was_stays_and_is_not_judged_again(judged):
    folder, out, asked = judged
    Image.new("RGB", (40, 32), (99, 0, 0)).save(folder / "999.png")  # in the last partition
    report = judge(folder, out, stale="remove")
    assert (report.removed, report.written, report.found, len(asked)) == (1, 1, 1, 1)
    assert len(open_shards(out)) == 7


def test_a_run_killed_while_it_takes_away_leaves_nothing_half(judged, monkeypatch):
    folder, out, _ = judged
    grow(folder)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(FaissShards, "remove", die)
        judge(folder, out, stale="remove")
    assert (len(documents(out)), len(open_shards(out))) == (4, 6)  # what has no answers is not finished
    with pytest.raises(RetrievalError, match="2 partitions"):
        judge(folder, out)
    assert judge(folder, out, stale="remove").removed == 2
    assert len(documents(out)) == 14
    assert len(open_shards(out)) == 7


def test_points_of_pictures_that_went_are_taken_away(pictures, no_cluster, tmp_path):
    folder, out, collection = pictures(6), tmp_path / "out", QdrantCollection("shop", str(tmp_path / "qdrant"))
    judge(folder, out, outputs=[collection])
    (folder / "001.png").unlink()
    judge(folder, out, outputs=[collection], stale="remove")
    with closing(collection.client()) as client:
        points = client.scroll("shop", limit=100)[0]
    assert {point.payload["document"] for point in points} == {f"00{place}.png" for place in (0, 2, 3, 4, 5)}
    assert {point.payload["partition"] for point in points} == {one.name for one in partitions_of(folder, 4)}


def test_files_of_others_are_not_taken_away(pictures, no_cluster, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.parquet").write_bytes(b"mine")
    with pytest.raises(RetrievalError, match=r"no catalogue \(mine\)"):
        judge(pictures(1), out, stale="remove")
    assert (out / "mine.parquet").read_bytes() == b"mine"


def test_words_and_folders_that_cannot_be(pictures, no_cluster, tmp_path):
    folder = pictures(1)
    with pytest.raises(ConfigError, match="'refuse' or 'remove'"):
        judge(folder, tmp_path / "out", stale="keep")
    for out in (folder, folder / "answers", Path(f"{folder}/../pictures")):
        with pytest.raises(ConfigError, match="inside their source"):
            judge(folder, out)
    assert judge(folder, tmp_path / "pictures-answers").written == 1
    assert len(open_shards(tmp_path / "pictures-answers")) == 1
