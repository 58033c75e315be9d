"""An id that is there twice is one clear error, and no answer of one document stands for two."""

import io
import tarfile

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.scale import judge_catalogue
from yofo_rerank.scale.partitions import listed


def picture():
    data = io.BytesIO()
    Image.new("RGB", (40, 32), (7, 0, 0)).save(data, format="PNG")
    return data.getvalue()


def write_table(path, ids):
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(pa.table({"image": [picture()] * len(ids), "id": ids}), path, row_group_size=2)


def write_shard(path, keys):
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for key in keys:
            member = tarfile.TarInfo(f"{key}.png")
            member.size = len(picture())
            tar.addfile(member, io.BytesIO(picture()))


def judge(source, out):
    return judge_catalogue(source, None, ["is red"], out)


@pytest.mark.parametrize("ids", [[[1, 2, 1]], [[1, 2], [2]], [["a", "a"], [1]], [["1", "b"], [1]]])
def test_a_column_with_an_id_twice_is_refused_before_anything_is_judged(no_cluster, tmp_path, ids):
    for place, some in enumerate(ids):
        write_table(tmp_path / "shop" / f"{place}.parquet", some)
    with pytest.raises(DocumentError, match=r"id '[12a]' is there twice, in .*parquet") as caught:
        judge(tmp_path / "shop", tmp_path / "out")
    assert caught.value.code == "duplicate_id"
    assert no_cluster == []


def test_rows_without_an_id_are_told_apart_by_their_file(no_cluster, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / "shop" / folder).mkdir(parents=True)
        write_table(tmp_path / "shop" / folder / "x.parquet", [None, folder, None])
    assert judge(tmp_path / "shop", tmp_path / "out").judged == 6
    found = {
        row["document"] for path in (tmp_path / "out").glob("*.parquet") for row in parquet.read_table(path).to_pylist()
    }
    assert found == {f"{folder}/x.parquet:{row}" for folder in "ab" for row in ("0:0", "1:0")} | {"a", "b"}


def test_a_key_in_two_shards_is_found_by_this_run_and_by_the_next(no_cluster, tmp_path):
    write_shard(tmp_path / "shop" / "0.tar", ["1", "2"])
    write_shard(tmp_path / "shop" / "1.tar", ["3", "2"])
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"id '2' is there twice, in 0-000000-\w+ and in 1-") as caught:
            judge(tmp_path / "shop", tmp_path / "out")
        assert caught.value.code == "duplicate_id"
        assert len(list((tmp_path / "out").glob("*.parquet"))) == 1
    write_shard(tmp_path / "shop" / "1.tar", ["3", "4"])
    assert judge(tmp_path / "shop", tmp_path / "out").judged == 2


def test_a_key_twice_in_one_shard_and_documents_at_hand(no_cluster, tmp_path):
    write_shard(tmp_path / "shop" / "0.tar", ["1", "2", "1"])
    with pytest.raises(DocumentError, match=r"id '1' is there twice, in 0-"):
        judge(tmp_path / "shop", tmp_path / "out")
    with pytest.raises(DocumentError, match="id 'a' is there twice"):
        judge(listed([Document(text="x", id="a"), Document(text="y", id="a")], 1), tmp_path / "other")
