"""The same documents, whatever holds them; no cluster is needed to read."""

import io
import os
import tarfile

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.scale.actors import decode, document_of
from yofo_rerank.scale.partitions import listed, partitions_of


def picture(place):
    data = io.BytesIO()
    Image.new("RGB", (40, 32), (place, 0, 0)).save(data, format="PNG")
    return data.getvalue()


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "tops").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for place in range(5):
        (folder / "tops" / f"{place}.png").write_bytes(picture(place))
    (folder / ".hidden" / "9.png").write_bytes(picture(9))
    (folder / "notes.md").write_text("no picture")
    return folder


def rows(partitions):
    return [row for table in decode({"partition": partitions}) for row in table.to_pylist()]


def reds(found):
    return [row["pixels"][0][0] for row in found]


def test_a_folder_and_the_same_folder_by_its_address(images):
    here, there = partitions_of(images, 2), partitions_of(images.as_uri(), 2)
    for pieces in (here, there):
        found = rows(pieces)
        assert reds(found) == [0, 1, 2, 3, 4]
        assert [row["document"] for row in found] == [f"tops/{place}.png" for place in range(5)]
        assert [(row["place"], row["size"]) for row in found] == [(0, 2), (1, 2), (0, 2), (1, 2), (0, 1)]
        assert len({row["partition"] for row in found}) == 3
    assert [one.name for one in there] == [one.name for one in partitions_of(images.as_uri(), 2)]


@pytest.mark.parametrize("as_struct", [False, True])
def test_parquet_files_by_row_group(tmp_path, as_struct):
    column = [{"bytes": picture(place), "path": None} if as_struct else picture(place) for place in range(5)]
    table = pa.table({"image": column, "id": [10, 11, None, 13, 14], "text": ["a", None, "c", "d", "e"]})
    parquet.write_table(table, tmp_path / "shop.parquet", row_group_size=2)
    found = rows(partitions_of(tmp_path))
    assert reds(found) == [0, 1, 2, 3, 4]
    assert [row["document"] for row in found] == ["10", "11", "shop.parquet:1:0", "13", "14"]
    assert [row["text"] for row in found] == ["a", None, "c", "d", "e"]
    assert len({row["partition"] for row in found}) == 3


def test_a_table_without_images_names_its_columns(tmp_path):
    parquet.write_table(pa.table({"picture": [b""]}), tmp_path / "shop.parquet")
    with pytest.raises(DocumentError, match="picture") as caught:
        rows(partitions_of(tmp_path))
    assert caught.value.code == "no_image_column"


def test_webdataset_shards(tmp_path):
    for shard in range(2):
        with tarfile.open(tmp_path / f"shop-{shard}.tar", "w") as tar:
            for place in range(2):
                key = f"tops/{shard}{place}"
                for name, data in ((f"{key}.png", picture(2 * shard + place)), (f"{key}.txt", b"a top")):
                    member = tarfile.TarInfo(name)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
            member = tarfile.TarInfo("about.json")
            tar.addfile(member, io.BytesIO())
    found = rows(partitions_of(tmp_path))
    assert reds(found) == [0, 1, 2, 3]
    assert [row["document"] for row in found] == ["tops/00", "tops/01", "tops/10", "tops/11"]
    assert {row["text"] for row in found} == {"a top"}
    assert [row["size"] for row in found] == [2, 2, 2, 2]


def test_what_is_no_picture_is_a_row_with_its_code(images):
    (images / "tops" / "2.png").write_bytes(b"")
    (images / "tops" / "3.png").write_text("<html>")
    for source in (images, images.as_uri()):
        found = rows(partitions_of(source))
        assert [row["code"] is None for row in found] == [True, True, False, False, True]
        assert all(row["message"] for row in found if row["code"])


def test_a_large_partition_leaves_its_task_in_small_tables(images):
    for place in range(40):
        (images / "tops" / f"{place}.png").write_bytes(picture(place))
    tables = list(decode({"partition": partitions_of(images, 64)}))
    assert [len(table) for table in tables] == [16, 16, 8]


def test_a_document_of_several_images_keeps_them_all():
    document = Document(images=[picture(3), picture(7)], text="a top", id="both")
    (row,) = rows(listed([document]))
    judged = document_of(row)
    assert [judged.load_image(page=page).getpixel((0, 0))[0] for page in (0, 1)] == [3, 7]
    assert judged.text == "a top"


def test_nothing_there(tmp_path):
    for missing in (tmp_path, tmp_path / "none", f"file://{tmp_path}/none"):
        with pytest.raises(DocumentError):
            partitions_of(missing)


def again(path, data):
    """Written again, a second later."""
    then = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(then, then + 10**9))


def test_names_change_where_a_file_was_written_again_and_there_alone(images, tmp_path):
    shard, table = tmp_path / "shards" / "shop.tar", tmp_path / "tables" / "shop.parquet"
    for path in (shard, table):
        path.parent.mkdir()
    tarfile.open(shard, "w").close()
    parquet.write_table(pa.table({"image": [picture(1)]}), table)
    sources = [images, images.as_uri(), shard.parent, shard, table.parent, table.as_uri()]
    before = [[one.name for one in partitions_of(source, 2)] for source in sources]
    assert [[one.name for one in partitions_of(source, 2)] for source in sources] == before
    for path in (images / "tops" / "2.png", shard, table):
        again(path, path.read_bytes())
    after = [[one.name for one in partitions_of(source, 2)] for source in sources]
    for old, new in zip(before[:2], after[:2], strict=True):
        assert [first == second for first, second in zip(old, new, strict=True)] == [True, False, True]
    assert [len({*old, *new}) for old, new in zip(before[2:], after[2:], strict=True)] == [2, 2, 2, 2]


def test_names_tell_documents_in_memory_of_one_id_apart_and_a_folder_that_was_moved_not(images, tmp_path):
    one, two, three = (
        listed([Document(picture(red), text=text, id="a")]) for red, text in ((1, "a"), (2, "a"), (1, "b"))
    )
    assert len({partition.name for (partition,) in (one, two, three)}) == 3
    before = [one.name for one in partitions_of(images, 2)]
    assert [one.name for one in partitions_of(images.rename(tmp_path / "moved"), 2)] == before


def test_a_file_that_is_not_there_fails_alone_and_one_that_cannot_be_read_now_is_raised(images):
    (partition,) = partitions_of(images.as_uri(), 8)
    (images / "tops" / "2.png").unlink()
    assert [row["code"] for row in rows([partition])] == [None, None, "not_an_image", None, None]
    (images / "tops" / "2.png").mkdir()
    with pytest.raises(OSError, match="directory"):
        rows([partition])


def tar_with(path, names):
    with tarfile.open(path, "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(data := picture(7))
            tar.addfile(member, io.BytesIO(data))
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["empty", "noise", "cut", "header", "cut_header"])
def test_a_damaged_shard_fails_alone(tmp_path, damage):
    tar_with(tmp_path / "good.tar", ["1.png"])
    data = tar_with(tmp_path / "bad.tar", ["1.png", "2.png"])
    second = data.index(b"2.png")
    damaged = {"empty": b"", "noise": b"x" * 2048, "cut": data[: second + 520]}
    damaged |= {"header": data[:second] + b"x" * 512 + data[second + 512 :], "cut_header": data[: second + 200]}
    (tmp_path / "bad.tar").write_bytes(damaged[damage])
    found = rows(partitions_of(tmp_path))
    assert [(row["document"], row["code"], row["size"]) for row in found] == [
        ("bad.tar", "damaged_file", 1),
        ("1", None, 1),
    ]
    assert "bad.tar is damaged" in found[0]["message"]


@pytest.mark.parametrize("damaged", [b"", b"x" * 100, b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_damaged_table_fails_alone(tmp_path, damaged):
    parquet.write_table(pa.table({"image": [picture(3)]}), tmp_path / "good.parquet")
    (tmp_path / "bad.parquet").write_bytes(damaged)
    found = rows(partitions_of(tmp_path))
    assert [(row["document"], row["code"]) for row in found] == [
        ("bad.parquet", "damaged_file"),
        ("good.parquet:0:0", None),
    ]


def test_a_row_group_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "shop.parquet"
    parquet.write_table(pa.table({"image": [picture(3)]}), path, compression="NONE")
    data = bytearray(path.read_bytes())
    data[4:40] = b"\xff" * 36
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"row group 0 of .*shop\.parquet cannot be read"):
        rows(partitions_of(path))


def test_a_row_with_a_text_alone_is_a_text(tmp_path):
    table = pa.table({"image": [picture(3), None, None, b""], "text": ["a top", "a skirt", None, "empty"]})
    parquet.write_table(table, tmp_path / "shop.parquet")
    found = rows(partitions_of(tmp_path))
    assert [row["code"] for row in found] == [None, None, "not_an_image", "not_an_image"]
    judged = document_of(found[1])
    assert (judged.text, judged.images) == ("a skirt", ())
    elsewhere = pa.table({"image": [{"bytes": None, "path": "1.png"}], "text": ["a top"]})
    parquet.write_table(elsewhere, tmp_path / "shop.parquet")
    (row,) = rows(partitions_of(tmp_path))
    assert row["code"] == "not_an_image"
