"""A document is named by its bytes: without decoding it, and never by what they were."""

import base64
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank import images
from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError
from yofo_rerank.models.looking import document_key, known_key, read_images


@pytest.fixture
def png(make_image):
    buffer = io.BytesIO()
    make_image(48, 48, 1).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture
def reads(monkeypatch):
    """Counts the files that are read."""
    calls = []
    read = Document.image_bytes
    monkeypatch.setattr(Document, "image_bytes", lambda document, **which: calls.append(1) or read(document, **which))
    return calls


def settle(path):
    """As if the file had been written long ago."""
    os.utime(path, ns=(10**18, 10**18))


def test_nothing_is_decoded(png, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    monkeypatch.setattr(images, "load_image", lambda *_, **__: pytest.fail("opened"))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    assert document_key(Document(image=path)) == document_key(Document(image=png))


def test_a_file_is_read_once_until_it_changes(png, tmp_path, reads):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    settle(path)
    first = document_key(Document(image=path))
    assert document_key(Document(image=str(path), id="other")) == first
    assert len(reads) == 1
    path.write_bytes(png + b"x")
    assert document_key(Document(image=path)) != first
    assert len(reads) == 2


def test_a_file_changed_a_moment_ago_is_not_remembered(png, tmp_path, reads):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    document_key(Document(image=path))
    document_key(Document(image=path))
    assert len(reads) == 2


def test_a_file_that_changes_between_look_and_decode_is_an_error(png, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    document = Document(image=path)
    key = document_key(document)
    assert read_images(document, key) == [png]
    path.write_bytes(png[:-1] + b"x")
    with pytest.raises(ImageError, match="the file changed while it was judged") as caught:
        read_images(document, key)
    assert caught.value.code == "changed"


def test_every_part_matters():
    def picture(mode, width, height, value=0):
        return Image.new(mode, (width, height), value)

    sources = [
        picture("RGB", 30, 100),
        picture("RGB", 100, 30),
        picture("L", 90, 100),
        picture("RGB", 30, 100, 1),
        None,
    ]
    documents = [Document(image=image, text=text) for image in sources for text in ("x", "y", None) if image or text]
    assert len({document_key(document) for document in documents}) == len(documents)
    assert document_key(Document(image=sources[0])) == document_key(Document(image=sources[0].copy(), id="other"))


def test_an_image_in_memory_is_looked_at_once(png):
    for image in (png, Image.new("RGB", (8, 8)), "data:image/png;base64," + base64.b64encode(png).decode()):
        document = Document(image=image)
        assert known_key(document) is None
        assert document_key(document) == known_key(document)


@given(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6))
def test_equal_keys_mean_equal_texts(one, other):
    first, second = (Document(text=f"x{text}".encode(errors="ignore").decode()) for text in (one, other))
    assert (document_key(first) == document_key(second)) == (first.text == second.text)


@pytest.mark.parametrize(("name", "code"), [("none.png", "missing"), (".", "not_a_file")])
def test_what_cannot_be_read_says_why(tmp_path, name, code):
    with pytest.raises(ImageError) as caught:
        document_key(Document(image=tmp_path / name))
    assert caught.value.code == code
