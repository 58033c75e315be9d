import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from yofo_rerank.documents import Document, ImageLimits
from yofo_rerank.errors import ImageError, IndexMismatch, ModelError
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever, kept_images


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
    assert list((tmp_path / "index" / "kept-images").iterdir()) == []


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
        assert new.image.is_relative_to(tmp_path / "there" / "kept-images")
    suffixes = sorted(path.suffix for path in (tmp_path / "there" / "kept-images").iterdir())
    assert suffixes == [".jpg", ".png", ".png", ".png", ".webp"]

    again.remove(["jpeg"])
    again.save(tmp_path / "there")  # in place: the image of the removed document goes
    assert len(list((tmp_path / "there" / "kept-images").iterdir())) == 4
    again.save(tmp_path / "copy")
    shutil.rmtree(tmp_path / "there")
    copy = ClipFaissRetriever.load(tmp_path / "copy", encoder)
    assert np.array_equal(copy.documents[1].load_image(), make.colour(200, 9, 9))


def test_a_large_picture_in_memory_can_be_loaded_again(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_images, "DEFAULT_LIMITS", ImageLimits(max_bytes=20_000))
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
    del retriever
    names = sorted(path.name.split("-")[0] for path in stored.iterdir())
    assert names == ["generation", "kept", "yofo_index.json", "yofo_index.lock"]
    (generation,) = stored.glob("generation-*")
    assert sorted(path.name for path in generation.iterdir()) == ["documents.jsonl", "manifest.json", "vectors.faiss"]


def test_other_files_of_the_folder_are_left_alone(encoder, tmp_path, make):
    (tmp_path / "images").mkdir()
    make.colour(1, 2, 3).save(tmp_path / "images" / "holiday.png")
    (tmp_path / "notes.txt").write_text("mine")
    for _ in range(2):
        ClipFaissRetriever(encoder).save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "images" / "holiday.png").is_file()


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


def test_the_root_that_confines_a_path_is_stored(encoder, tmp_path, make):
    make.colour(200, 0, 0).save(tmp_path / "red.png")
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(image="red.png", id="r", root=tmp_path)])
    retriever.save(tmp_path / "index")
    (document,) = ClipFaissRetriever.load(tmp_path / "index", encoder).documents
    assert (str(document.image), str(document.root)) == ("red.png", str(tmp_path))
    assert document.load_image().getpixel((0, 0)) == (200, 0, 0)
