"""Document: what it accepts, what identifies it, and folders of them."""

import dataclasses
import json
import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank import Document
from yofo_rerank.documents import load_folder
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.folders import MAX_CAPTION_BYTES


def picture(mode="RGB", size=(8, 6), colour=0):
    return Image.new(mode, size, colour)


@pytest.mark.parametrize("text", [None, "", " \n\t "])
def test_needs_an_image_or_a_text(text):
    with pytest.raises(DocumentError, match="needs an image or a text"):
        Document(text=text)


def test_blank_text_beside_an_image_counts_as_none():
    assert Document(image=picture(), text="  ").text is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": 3}, "image must be a path, bytes, a PDF page, a PIL image or an array, but got int"),
        ({"image": b""}, "image must not be empty"),
        ({"image": ""}, "image must not be empty"),
        ({"text": 3}, "text must be a str, but got int"),
        ({"text": "a", "id": 3}, "id must be a non-empty str, but got 3"),
        ({"text": "a", "id": ""}, "id must be a non-empty str"),
        ({"text": "a", "metadata": [1]}, "metadata must be a dict, but got list"),
        ({"text": "a", "metadata": {1: 2}}, "must have str keys"),
        ({"text": "a", "metadata": {"x": [object()]}}, r"metadata\['x'\]\[0\] must be JSON-able"),
        ({"text": "half \ud800"}, "surrogate"),
        ({"text": "a", "id": 10**5000}, "id must be a non-empty str, but got int"),
    ],
)
def test_wrong_types_are_refused_by_name(arguments, message):
    with pytest.raises(DocumentError, match=message) as caught:
        Document(**arguments)
    assert not re.search(r"0x[0-9a-f]+", str(caught.value))


def test_metadata_that_holds_itself_is_refused():
    metadata = {}
    metadata["again"] = metadata
    with pytest.raises(DocumentError, match="nested deeper"):
        Document(text="a", metadata=metadata)


def test_is_frozen_and_hashable():
    document = Document(text="grey skirt", metadata={"price": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        document.text = "other"
    assert {document: 1}[Document(text="grey skirt", metadata={"price": 1})] == 1
    assert document != Document(text="grey skirt", metadata={"price": 2})


def test_metadata_is_copied_in_and_out():
    metadata = {"tags": ["a"], "pair": (1, 2)}
    document = Document(text="t", metadata=metadata)
    metadata["tags"].append("b")
    document.to_dict()["metadata"]["tags"].append("c")
    assert document.metadata == {"tags": ["a"], "pair": [1, 2]}


@pytest.mark.parametrize(
    ("image", "shown"),
    [("a/b.png", "a/b.png"), (b"\x89PNG", None), (picture(), None), ("data:image/png;base64,AAAA", None), (None, None)],
)
def test_to_dict_is_json_and_holds_no_content(image, shown):
    document = Document(image=image, text="t", id="7", metadata={"price": 2.5})
    assert json.loads(json.dumps(document.to_dict())) == {
        "id": "7",
        "text": "t",
        "image": shown,
        "metadata": {"price": 2.5},
    }


def test_repr_names_files_and_holds_no_content():
    assert repr(Document(image="photos/1.jpg")) == "Document(image='photos/1.jpg', id='photos/1.jpg')"
    assert repr(Document(image=picture(), id="7")) == "Document(image=<RGB 8 x 6>, id='7')"
    assert "PNG" not in repr(Document(image=b"\x89PNG", id="7"))
    assert "0x" not in repr(Document(image=picture(), id="7"))


def variants():
    """Pairwise different contents."""
    palette = Image.new("P", (8, 6))
    palette.putpalette([9, 9, 9])
    rotated = picture()
    rotated.getexif()[0x0112] = 6
    return [
        {"text": "a"},
        {"text": "b"},
        {"image": "a"},
        {"image": b"a"},
        {"image": "a", "text": "a"},
        {"image": "b", "text": "a"},
        {"image": picture("RGB", (30, 10))},
        {"image": picture("RGB", (10, 30))},
        {"image": picture("L", (30, 10))},
        {"image": picture("RGB", (30, 10), 1)},
        {"image": picture("RGB", (30, 10)), "text": "a"},
        {"image": Image.new("P", (8, 6))},
        {"image": palette},
        {"image": picture()},
        {"image": rotated},
    ]


def test_default_id_tells_contents_apart_and_is_stable():
    ids = [Document(**variant).id for variant in variants()]
    assert len(set(ids)) == len(ids)
    assert ids == [Document(**variant).id for variant in variants()]
    assert ids[2] == "a"
    assert re.fullmatch("a#[0-9a-f]{8}", ids[4])
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for place, id_ in enumerate(ids) if place not in (2, 4, 5))


def test_default_id_ignores_metadata():
    assert Document(text="a", metadata={"x": 1}).id == Document(text="a").id


@given(st.text(), st.text(), st.binary(min_size=1), st.binary(min_size=1))
def test_equal_ids_mean_equal_content(text, other_text, image, other_image):
    first, second = Document(image=image, text=text), Document(image=other_image, text=other_text)
    assert (first.id == second.id) == ((first.image, first.text) == (second.image, second.text))


def test_image_without_id_that_cannot_be_digested(tmp_path):
    picture(size=(64, 64)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) - 30])
    with pytest.raises(ImageError) as caught:
        Document(image=Image.open(tmp_path / "cut.png"))
    assert caught.value.code == "truncated"
    assert Document(image=Image.open(tmp_path / "cut.png"), id="cut").id == "cut"


def test_large_pil_image_needs_an_id():
    large = Image.new("1", (10_000, 5_001))
    with pytest.raises(ImageError, match="give it an id") as caught:
        Document(image=large)
    assert caught.value.code == "too_many_pixels"
    assert Document(image=large, id="large").id == "large"


def test_load_image_names_the_document(tmp_path):
    with pytest.raises(ImageError, match="document 'seven'") as caught:
        Document(image=tmp_path / "none.png", id="seven").load_image()
    assert caught.value.code == "missing"


def test_load_image_without_an_image():
    assert Document(text="a").load_image() is None


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", "sub/c.webp", "sub/deeper/d.jpeg", ".hidden.png", "._a.JPG"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture().save(path)
    (tmp_path / "b.txt").write_text(" a grey top \n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an image", encoding="utf-8")
    (tmp_path / "sub" / "broken.png").write_bytes(b"no image")
    return tmp_path


def test_load_folder(folder):
    documents = list(load_folder(folder))
    assert [document.id for document in documents] == [
        "a.JPG",
        "b.png",
        "sub/broken.png",
        "sub/c.webp",
        "sub/deeper/d.jpeg",
    ]
    assert [document.text for document in documents] == [None, "a grey top", None, None, None]
    assert documents[1].load_image().size == (8, 6)
    assert list(load_folder(str(folder))) == documents


def test_load_folder_is_lazy(folder, monkeypatch):
    documents = load_folder(folder)
    assert next(documents).id == "a.JPG"
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail(f"scanned {path} too early"))
    assert next(documents).id == "b.png"


def test_load_folder_does_not_follow_folder_links_or_wait_for_a_fifo(folder):
    (folder / "sub" / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "a.txt")
    assert [document.id for document in load_folder(folder)][:2] == ["a.JPG", "b.png"]
    assert len(list(load_folder(folder))) == 5


def test_an_oversized_caption_is_left_out_aloud(folder, caplog):
    (folder / "b.txt").write_text("x" * (MAX_CAPTION_BYTES + 1), encoding="utf-8")
    assert list(load_folder(folder))[1].text is None
    assert "without a caption" in caplog.text


def test_a_caption_that_links_out_of_the_folder_is_left_out_aloud(folder, caplog, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("root:x:0:0")
    (folder / "a.txt").symlink_to(secret)
    (folder / "sub" / "c.txt").symlink_to(folder / "b.txt")
    documents = {document.id: document.text for document in load_folder(folder)}
    assert documents["a.JPG"] is None
    assert documents["sub/c.webp"] == "a grey top"  # a link that stays inside
    assert "outside the root folder" in caplog.text


def test_folders_nested_deeper_than_calls_may_be(tmp_path):
    deepest = tmp_path / "nested"
    for _ in range(1200):
        deepest.mkdir()
        deepest /= "d"
    picture().save(deepest.with_name("a.png"))
    try:
        (document,) = load_folder(tmp_path / "nested")
        assert document.id == "d/" * 1199 + "a.png"
        assert document.load_image().size == (8, 6)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "nested"], check=True)  # Python's own rmtree gives up


def test_a_folder_that_may_not_be_read_is_left_out_aloud(folder, monkeypatch, caplog):
    scandir = os.scandir

    def scan(path):
        if path.name == "sub":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    everything = list(load_folder(folder))
    monkeypatch.setattr(os, "scandir", scan)
    assert list(load_folder(folder)) == [one for one in everything if not one.id.startswith("sub/")] != everything
    assert "sub' is left out: Permission denied" in caplog.text


def test_load_folder_of_nothing(tmp_path):
    assert list(load_folder(tmp_path)) == []
    with pytest.raises(DocumentError, match="is not a folder"):
        load_folder(tmp_path / "none")


def test_file_name_that_is_not_unicode(tmp_path):
    picture().save(tmp_path / "a.png")
    os.rename(os.fsencode(tmp_path / "a.png"), os.fsencode(tmp_path) + b"/\xff.png")
    (document,) = load_folder(tmp_path)
    assert document.id == "\ufffd.png"
    assert document.load_image().size == (8, 6)
