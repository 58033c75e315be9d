import base64
import io
import json
import os
import shutil

import faiss
import numpy as np
import pytest
from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError, IndexMismatch, ModelError
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever, storage

MANIFEST = "yofo_index.json"


@pytest.fixture
def stored(encoder, tmp_path):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(texts(20))
    retriever.save(tmp_path / "index")
    return tmp_path / "index"


def texts(n, start=0):
    return [Document(text=f"garment number {i}", id=str(i)) for i in range(start, start + n)]


def found(retriever, query="a blue top"):
    return [(hit.document.id, hit.score, hit.rank) for hit in retriever.search(query)]


def manifest(folder):
    return json.loads((folder / MANIFEST).read_text())


def change(folder, **fields):
    (folder / MANIFEST).write_text(json.dumps(manifest(folder) | fields))


@pytest.mark.parametrize("index", ["Flat", "HNSW8", "IVF4,PQ4x4"])
def test_a_loaded_index_finds_the_same(encoder, tmp_path, index):
    retriever = ClipFaissRetriever(encoder, index)
    retriever.add(texts(100))
    retriever.remove(["3", "50"])
    retriever.save(tmp_path / "index")
    again = ClipFaissRetriever.load(tmp_path / "index", encoder)
    assert found(again) == found(retriever)
    assert len({score for _, score, _ in found(again)}) > 3
    assert again.documents == retriever.documents
    assert again.factory == index


def test_add_and_remove_after_loading(stored, encoder):
    retriever = ClipFaissRetriever.load(stored, encoder)
    retriever.add(texts(5, start=20))
    retriever.remove(["0"])
    retriever.save(stored)
    again = ClipFaissRetriever.load(stored, encoder)
    assert [document.id for document in again.documents] == [str(i) for i in range(1, 25)]
    assert found(again, "garment number 22")[0][0] == "22"


def test_documents_survive_whole(encoder, tmp_path):
    document = Document(
        text="line\nbreak \u2028 « ü 🧥", id="x y/z", metadata={"price": 1.5, "tags": ["a", {"b": None}]}
    )
    retriever = ClipFaissRetriever(encoder)
    retriever.add([document])
    retriever.save(tmp_path)
    assert ClipFaissRetriever.load(tmp_path, encoder).documents == [document]


def test_search_parameters_survive(encoder, tmp_path):
    retriever = ClipFaissRetriever(encoder, "IVF4,Flat", search_parameters="nprobe=1")
    retriever.add(texts(60))
    retriever.save(tmp_path)
    again = ClipFaissRetriever.load(tmp_path, encoder)
    assert again.search_parameters == "nprobe=1"
    assert len(found(again)) == len(found(retriever)) < 60


def test_an_empty_index(encoder, tmp_path):
    ClipFaissRetriever(encoder, "IVF4,Flat").save(tmp_path / "deep" / "er")
    again = ClipFaissRetriever.load(tmp_path / "deep" / "er", encoder)
    assert found(again) == []
    assert again.add(texts(10)).added == 10


def test_image_paths_stay_as_given(encoder, tmp_path, make, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make.colour(200, 0, 0).save("red.png")
    make.colour(0, 0, 200).save("blue.png")
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(image="red.png", id="r"), Document(image=tmp_path / "blue.png", id="b")])
    retriever.save("index")
    again = ClipFaissRetriever.load("index", encoder)
    assert [str(document.image) for document in again.documents] == ["red.png", str(tmp_path / "blue.png")]
    assert list((tmp_path / "index" / "images").iterdir()) == []


def test_images_in_memory_are_kept_and_move_with_the_folder(encoder, tmp_path, make):
    jpeg, webp = io.BytesIO(), io.BytesIO()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8))
    noise.save(jpeg, "JPEG")
    noise.rotate(90).save(webp, "WEBP")
    png = io.BytesIO()
    make.colour(9, 99, 9).save(png, "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
    documents = [
        Document(image=jpeg.getvalue(), id="jpeg"),
        Document(image=webp.getvalue(), id="webp"),
        Document(image=make.colour(200, 9, 9), text="red", id="pil", metadata={"price": 3}),
        Document(image=make.colour(9, 200, 9).convert("CMYK"), id="cmyk"),
        Document(image=uri, id="uri"),
    ]
    retriever = ClipFaissRetriever(encoder)
    assert retriever.add(documents).skipped == ()
    retriever.save(tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "there")
    again = ClipFaissRetriever.load(tmp_path / "there", encoder)
    assert found(again) == found(retriever)
    for old, new in zip(documents, again.documents, strict=True):
        assert (new.id, new.text, new.metadata) == (old.id, old.text, old.metadata)
        assert np.array_equal(new.load_image(), old.load_image())
        assert new.image.is_relative_to(tmp_path / "there" / "images")
    suffixes = sorted(path.suffix for path in (tmp_path / "there" / "images").iterdir())
    assert suffixes == [".jpg", ".png", ".png", ".png", ".webp"]

    again.remove(["jpeg"])
    again.save(tmp_path / "there")  # in place: the image of the removed document goes
    assert len(list((tmp_path / "there" / "images").iterdir())) == 4
    again.save(tmp_path / "copy")
    shutil.rmtree(tmp_path / "there")
    copy = ClipFaissRetriever.load(tmp_path / "copy", encoder)
    assert np.array_equal(copy.documents[1].load_image(), make.colour(200, 9, 9))


def test_a_large_picture_in_memory_can_be_loaded_again(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "DEFAULT_LIMITS", storage.DEFAULT_LIMITS.__class__(max_bytes=20_000))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8))
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(image=noise, id="noise")])
    retriever.save(tmp_path)
    image = ClipFaissRetriever.load(tmp_path, encoder).documents[0].image
    assert image.suffix == ".jpg"
    assert image.stat().st_size <= 20_000


def test_an_unreadable_image_in_memory_fails_the_save_and_leaves_the_old(stored, encoder):
    retriever = ClipFaissRetriever.load(stored, encoder)
    retriever.add_embeddings([Document(image="data:image/png;base64,AAAA", id="bad")], np.ones((1, 8)))
    with pytest.raises(ImageError, match="bad"):
        retriever.save(stored)
    assert len(ClipFaissRetriever.load(stored, encoder)) == 20


def test_nothing_in_the_folder_is_pickled_or_left_over(stored, encoder):
    retriever = ClipFaissRetriever.load(stored, encoder)
    retriever.add(texts(3, start=20))
    retriever.save(stored)
    names = sorted(path.name.split("-")[0] for path in stored.iterdir())
    assert names == ["documents", "images", "vectors", MANIFEST]
    assert {path.suffix for path in stored.iterdir()} == {".jsonl", "", ".faiss", ".json"}


def test_other_files_of_the_folder_are_left_alone(encoder, tmp_path, make):
    (tmp_path / "images").mkdir()
    make.colour(1, 2, 3).save(tmp_path / "images" / "holiday.png")
    (tmp_path / "notes.txt").write_text("mine")
    for _ in range(2):
        ClipFaissRetriever(encoder).save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "images" / "holiday.png").is_file()


@pytest.mark.parametrize("step", range(6))
def test_a_save_that_fails_leaves_the_old_index(stored, encoder, monkeypatch, step, make):
    before = found(ClipFaissRetriever.load(stored, encoder))
    retriever = ClipFaissRetriever.load(stored, encoder)
    retriever.add([*texts(5, start=20), Document(image=make.colour(9, 9, 99), id="pil")])
    calls = []

    def fail_at(function):
        def wrapped(*args, **kwargs):
            calls.append(function)
            if len(calls) > step:
                raise OSError("no space left on device")
            return function(*args, **kwargs)

        return wrapped

    monkeypatch.setattr(os, "fsync", fail_at(os.fsync))
    monkeypatch.setattr(faiss, "write_index", fail_at(faiss.write_index))
    if step < 5:  # image, documents, vectors (write and sync), manifest
        with pytest.raises(OSError, match="no space left"):
            retriever.save(stored)
        assert found(ClipFaissRetriever.load(stored, encoder)) == before
        assert not list(stored.glob(".yofo-tmp-*"))
        monkeypatch.undo()
    retriever.save(stored)
    assert len(ClipFaissRetriever.load(stored, encoder)) == 26
    assert len(list(stored.iterdir())) == 4


@pytest.mark.parametrize("pattern", ["vectors-*.faiss", "documents-*.jsonl"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "empty"])
def test_damaged_files_are_refused_before_faiss_reads_them(stored, encoder, monkeypatch, pattern, damage):
    path = next(stored.glob(pattern))
    data = path.read_bytes()
    if damage == "delete":
        path.unlink()
    else:
        flipped = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
        path.write_bytes({"truncate": data[:-5], "flip": flipped, "empty": b""}[damage])
    monkeypatch.setattr(faiss, "read_index", lambda path: pytest.fail("FAISS read a damaged file"))
    with pytest.raises(IndexMismatch, match="is corrupt") as caught:
        ClipFaissRetriever.load(stored, encoder)
    assert caught.value.code == "corrupt"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "corrupt"),
        ("{", "corrupt"),
        ("[" * 100_000, "corrupt"),
        ("[]", "not_an_index"),
        ('{"name": "my web app", "icons": []}', "not_an_index"),
        ('{"format": "yofo-clip-faiss"}', "version"),
        ('{"format": "yofo-clip-faiss", "version": 2}', "version"),
        ('{"format": "yofo-clip-faiss", "version": 1}', "corrupt"),
    ],
)
def test_foreign_manifests_are_refused(stored, encoder, content, code):
    (stored / MANIFEST).write_text(content)
    with pytest.raises(IndexMismatch) as caught:
        ClipFaissRetriever.load(stored, encoder)
    assert caught.value.code == code


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_an_index(tmp_path, encoder, folder):
    with pytest.raises(IndexMismatch, match=r"wanted a file yofo_index\.json") as caught:
        ClipFaissRetriever.load(tmp_path / folder, encoder)
    assert caught.value.code == "not_an_index"


@pytest.mark.parametrize(
    "fields",
    [
        {"vectors": {"name": "../../vectors-0123456789abcdef.faiss", "sha256": "0" * 64}},
        {"documents": {"name": "/etc/passwd", "sha256": "0" * 64}},
        {"n_documents": -1},
        {"unknown": 1},
        {"n_documents": 19},
        {"dim": 9},
    ],
)
def test_manifests_that_do_not_fit_are_refused(stored, encoder, fields):
    change(stored, **fields)
    with pytest.raises(IndexMismatch, match="corrupt"):
        ClipFaissRetriever.load(stored, encoder)


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", "nonsense", '{"key": 1, "id": "a", "text": "t", "metadata": {}, "image": null, "kept": "../x"}'],
)
def test_documents_that_do_not_fit_are_refused(stored, encoder, line):
    path = next(stored.glob("documents-*.jsonl"))
    path.write_text(line + "\n")
    change(stored, documents={"name": path.name, "sha256": storage._sha256(path)})
    with pytest.raises(IndexMismatch, match="corrupt in line 1"):
        ClipFaissRetriever.load(stored, encoder)


def test_a_file_that_faiss_cannot_read_is_refused(stored, encoder):
    path = next(stored.glob("vectors-*.faiss"))
    path.write_bytes(b"not a faiss index")
    change(stored, vectors={"name": path.name, "sha256": storage._sha256(path)})
    with pytest.raises(IndexMismatch, match="FAISS cannot read it"):
        ClipFaissRetriever.load(stored, encoder)


def test_another_encoder_is_refused(clip_folder, custom_clip_folder, tmp_path):
    retriever = ClipFaissRetriever.from_pretrained(clip_folder)
    retriever.add(texts(3))
    retriever.save(tmp_path)
    with pytest.raises(IndexMismatch, match="was built with") as caught:
        ClipFaissRetriever.load(tmp_path, ClipEncoder(custom_clip_folder))
    assert caught.value.code == "other_encoder"


def test_the_encoder_is_found_by_the_manifest(clip_folder, tmp_path, monkeypatch):
    model = shutil.copytree(clip_folder, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    retriever = ClipFaissRetriever.from_pretrained("model")  # relative: stored as an absolute path
    retriever.add(texts(3))
    retriever.save("index")
    monkeypatch.chdir("/")
    assert found(ClipFaissRetriever.load(tmp_path / "index")) == found(retriever)
    model.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match="model"):
        ClipFaissRetriever.load(tmp_path / "index")
    assert found(ClipFaissRetriever.load(tmp_path / "index", ClipEncoder(tmp_path / "moved"))) == found(retriever)


def test_a_weight_change_under_the_same_name_is_refused(tmp_path, make):
    folder = make.clip(tmp_path / "model", seed=1)
    retriever = ClipFaissRetriever.from_pretrained(folder)
    retriever.add(texts(3))
    retriever.save(tmp_path / "index")
    shutil.rmtree(folder)
    make.clip(folder, seed=2)
    with pytest.raises(IndexMismatch) as caught:
        ClipFaissRetriever.load(tmp_path / "index")
    assert caught.value.code == "other_encoder"
