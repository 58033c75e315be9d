"""Index folders that were changed, cut, forged or are of the first layout: refused with a code, or read."""

import json
import shutil

import faiss
import pytest

from yofo_rerank.documents import Document
from yofo_rerank.errors import IndexMismatch
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.retrieval.files import sha256

POINTER = "yofo_index.json"


@pytest.fixture
def stored(encoder, tmp_path, make):
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(text=f"garment number {i}", id=str(i)) for i in range(19)])
    retriever.add([Document(image=make.colour(9, 99, 9), id="green")])
    retriever.save(tmp_path / "index")
    return tmp_path / "index"


def generation(folder):
    return folder / json.loads((folder / POINTER).read_text())["generation"]


def seal(folder, **fields):
    """Change fields of the manifest, and make every digest fit again."""
    place = generation(folder)
    manifest = json.loads((place / "manifest.json").read_text()) | fields
    for field in ("vectors", "documents"):
        path = place / manifest[field]["name"]
        if field not in fields:
            manifest[field] |= {"size": path.stat().st_size, "sha256": sha256(path)}
    (place / "manifest.json").write_text(json.dumps(manifest))
    pointer = json.loads((folder / POINTER).read_text())
    stored = {"size": (place / "manifest.json").stat().st_size, "sha256": sha256(place / "manifest.json")}
    (folder / POINTER).write_text(json.dumps(pointer | {"manifest": pointer["manifest"] | stored}))


def found(retriever):
    return [(hit.document.id, hit.score) for hit in retriever.search("a blue top")]


@pytest.mark.parametrize("name", ["vectors.faiss", "documents.jsonl", "manifest.json"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "empty"])
def test_damaged_files_are_refused_before_faiss_reads_them(stored, encoder, monkeypatch, name, damage):
    path = generation(stored) / name
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


def test_no_changed_bit_of_pointer_or_manifest_is_accepted(stored, encoder):
    wanted = found(ClipFaissRetriever.load(stored, encoder))
    for path in (stored / POINTER, generation(stored) / "manifest.json"):
        data = path.read_bytes()
        for place in range(0, len(data), 3):
            path.write_bytes(data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :])
            try:
                loaded = ClipFaissRetriever.load(stored, encoder)
            except IndexMismatch:
                continue
            assert path.name == POINTER and json.loads(path.read_bytes()) == json.loads(data)  # a blank for another
            assert found(loaded) == wanted
        path.write_bytes(data)
    assert found(ClipFaissRetriever.load(stored, encoder)) == wanted


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "corrupt"),
        ("{", "corrupt"),
        ("[" * 100_000, "corrupt"),
        ("[]", "not_an_index"),
        ('{"name": "my web app", "icons": []}', "not_an_index"),
        ('{"format": "yofo-clip-faiss"}', "version"),
        ('{"format": "yofo-clip-faiss", "version": 3}', "version"),
        ('{"format": "yofo-clip-faiss", "version": 2}', "corrupt"),
        ('{"format": "yofo-clip-faiss", "version": 1}', "corrupt"),
    ],
)
def test_foreign_manifests_are_refused(stored, encoder, content, code):
    (stored / POINTER).write_text(content)
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
        {"vectors": {"name": "../../vectors.faiss", "sha256": "0" * 64}},
        {"documents": {"name": "/etc/passwd", "sha256": "0" * 64}},
        {"n_documents": -1},
        {"unknown": 1},
        {"n_documents": 19},
        {"dim": 9},
        {"next_key": 3},
    ],
)
def test_manifests_that_do_not_fit_are_refused(stored, encoder, fields):
    seal(stored, **fields)
    with pytest.raises(IndexMismatch, match="corrupt"):
        ClipFaissRetriever.load(stored, encoder)


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", "nonsense", '{"key": 1, "id": "a", "text": "t", "metadata": {}, "image": null, "kept": "../x"}'],
)
def test_documents_that_do_not_fit_are_refused(stored, encoder, line):
    (generation(stored) / "documents.jsonl").write_text(line + "\n")
    seal(stored)
    with pytest.raises(IndexMismatch, match="corrupt in line 1"):
        ClipFaissRetriever.load(stored, encoder)


def test_a_file_that_faiss_cannot_read_is_refused(stored, encoder):
    (generation(stored) / "vectors.faiss").write_bytes(b"not a faiss index")
    seal(stored)
    with pytest.raises(IndexMismatch, match="FAISS cannot read it"):
        ClipFaissRetriever.load(stored, encoder)


def as_first_layout(folder):
    """The same index as version 1 wrote it: everything beside the manifest, named by its digest."""
    place = generation(folder)
    manifest = json.loads((place / "manifest.json").read_text()) | {"version": 1}
    del manifest["images"]
    for field, suffix in (("vectors", "faiss"), ("documents", "jsonl")):
        digest = manifest[field]["sha256"]
        manifest[field] = {"name": f"{field}-{digest[:16]}.{suffix}", "sha256": digest}
        (place / f"{field}.{suffix}").rename(folder / manifest[field]["name"])
    (folder / POINTER).write_text(json.dumps(manifest, indent=2))
    shutil.rmtree(place)
    (folder / "kept-images").rename(folder / "images")
    (folder / "yofo_index.lock").unlink(missing_ok=True)


def test_an_index_of_the_first_layout_is_read_and_saved_anew(stored, encoder):
    wanted = found(ClipFaissRetriever.load(stored, encoder))
    as_first_layout(stored)
    old = ClipFaissRetriever.load(stored, encoder)
    assert found(old) == wanted
    assert old.documents[-1].load_image().getpixel((0, 0)) == (9, 99, 9)
    old.add([Document(text="one more", id="more")])
    old.save(stored)
    again = ClipFaissRetriever.load(stored, encoder)
    assert len(again) == 21
    assert again.documents[19].image.parent.name == "kept-images"
    assert not list(stored.glob("*.faiss")) and not list(stored.glob("*.jsonl"))
    assert len(list((stored / "images").iterdir())) == 1  # whose they are is not known: left alone


def test_damage_in_the_first_layout_is_found(stored, encoder):
    as_first_layout(stored)
    path = next(stored.glob("vectors-*.faiss"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexMismatch, match="was cut or changed"):
        ClipFaissRetriever.load(stored, encoder)
    path.unlink()
    with pytest.raises(IndexMismatch, match="is missing"):
        ClipFaissRetriever.load(stored, encoder)
