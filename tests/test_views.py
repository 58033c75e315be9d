"""Several images in one document: what it holds, how it is named, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yofo_rerank import Document
from yofo_rerank.documents import MAX_IMAGES, as_document, as_documents, load_folder
from yofo_rerank.errors import ConfigError, DocumentError
from yofo_rerank.pdf import PdfPage


def test_one_image_is_the_first_of_all():
    assert Document(image="a.png").images == ("a.png",)
    document = Document(images=["a.png", b"...", PdfPage("c.pdf", 2)])
    assert (document.image, len(document.images)) == ("a.png", 3)
    assert Document(text="none").images == () and Document(text="none").image is None
    assert Document(images=["a.png"]) == Document(image="a.png")
    assert Document(images=["a.png", "b.png"]) != Document(image="a.png", id=Document(images=["a.png", "b.png"]).id)


def test_a_copy_with_another_text_keeps_its_images():
    document = Document(images=[Image.new("RGB", (4, 4)), "b.png"], id="1")
    assert replace(document, text="new").images == document.images


def test_the_order_counts():
    first, second = Document(images=["a.png", "b.png"]), Document(images=["b.png", "a.png"])
    assert first.id != second.id and first != second


def test_a_document_as_json_types_becomes_the_same_document():
    document = Document(images=["a.png", "b.png"], text="x", id="1", metadata={"n": 1})
    assert as_document(document.to_dict()) == document
    assert "images" not in Document(image="a.png").to_dict()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"images": "a.png"}, "images must be a list"),
        ({"images": 3}, "images must be a list"),
        ({"images": ["a.png", 3]}, "got int"),
        ({"images": ["a.png", ""]}, "must not be empty"),
        ({"image": "a.png", "images": ["b.png"]}, "wanted one of the two"),
        ({"image": ["a.png"]}, "got list"),
        ({"images": []}, "needs an image or a text"),
    ],
)
def test_what_is_refused(settings, said):
    with pytest.raises(DocumentError, match=said):
        Document(**settings)


def test_too_many_images_are_a_typed_error():
    assert len(Document(images=["a.png"] * MAX_IMAGES).images) == MAX_IMAGES
    with pytest.raises(DocumentError) as caught:
        Document(images=["a.png"] * (MAX_IMAGES + 1))
    assert caught.value.code == "too_many_images"


def test_a_list_of_images_is_one_document():
    picture = np.zeros((4, 5, 3), np.uint8)
    [one, other] = as_documents([[Path("a.png"), picture], Path("b.png")])
    assert len(one.images) == 2 and one.images[1].size == (5, 4)
    assert other.images == (Path("b.png"),)
    with pytest.raises(DocumentError, match=r"document 0: .* but got str in a list"):
        as_documents([["a.png", "b.png"]])  # words or paths? not guessed


def test_a_subfolder_is_one_document(tmp_path):
    for name in ("coat/back.png", "coat/front.png", "hat/1.png", "top.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "coat/front.txt").write_text("a coat")
    found = {one.id: one for one in load_folder(tmp_path, one_per="folder")}
    assert [path.name for path in found["coat"].images] == ["back.png", "front.png"]
    assert (found["coat"].text, found["hat"].text) == ("a coat", None)
    assert list(found) == ["coat", "hat", "top.png"]
    assert len(list(load_folder(tmp_path))) == 4
    with pytest.raises(ConfigError, match="one_per"):
        load_folder(tmp_path, one_per="product")


def test_messages_name_the_image(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    document = Document(images=[tmp_path / "a.png", tmp_path / "gone.png"], id="7")
    with pytest.raises(DocumentError, match="document '7', image 1"):
        document.load_image(page=1)
