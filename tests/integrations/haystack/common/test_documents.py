"""Where image and text of a Haystack document come from, and what is refused (S20-S25, H9, H12, H13)."""

import socket
from pathlib import Path

import pytest
from haystack import Document
from haystack.dataclasses import ByteStream
from haystack_integrations.common.yofo.documents import DocumentReader, to_meta, without_duplicates
from PIL import Image

from tests.pdfs import encrypted_pdf, pictures_pdf
from yofo_rerank import Document as YofoDocument
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.pdf import PdfPage

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("document", "image", "text"),
    [
        (Document(content="a skirt"), None, "a skirt"),
        (Document(meta={"file_path": "1.png"}), "1.png", None),
        (Document(content="a skirt", meta={"file_path": "1.WEBP"}), "1.WEBP", "a skirt"),
        (Document(content="a skirt", meta={"file_path": "3fa9"}), "3fa9", "a skirt"),  # a name without a suffix
        (Document(content="a skirt", meta={"file_path": "x.bin", "mime_type": "image/png"}), "x.bin", "a skirt"),
        (Document(content="a skirt", meta={"file_path": "shop.txt"}), None, "a skirt"),
        (Document(content="a skirt", meta={"file_path": "shop.docx"}), None, "a skirt"),
        (Document(content="a page", meta={"file_path": "shop.pdf", "page_number": 2}), None, "a page"),
        (Document(content=" ", meta={"file_path": "1.png"}), "1.png", None),
        (Document(meta={"file_path": "unknown.bin"}), "unknown.bin", None),
        (Document(blob=ByteStream(PNG)), PNG, None),
        (Document(blob=ByteStream(PNG), meta={"file_path": "1.png"}), PNG, None),
        (Document(content="a table", blob=ByteStream(b"a,b", mime_type="text/csv")), None, "a table"),
        (Document(content="1.png"), None, "1.png"),  # S25: a text is a text
        (Document(content="http://example.com/1.png"), None, "http://example.com/1.png"),
    ],
)
def test_image_and_text(document, image, text):
    read = DocumentReader().read(document)
    assert (read.image, read.text, read.id) == (image, text, document.id)


def test_meta_fields_go_before_the_content():
    reader = DocumentReader(meta_fields_to_embed=("title", "price", "missing"), embedding_separator=" | ")
    assert reader.read(Document(content="soft", meta={"title": "Skirt", "price": 20})).text == "Skirt | 20 | soft"


def test_a_pdf_page_by_its_number():
    """As Haystack's own image converters name it."""
    read = DocumentReader().read(Document(meta={"file_path": "shop.pdf", "page_number": 2}))
    assert read.images == (PdfPage("shop.pdf", 2),)
    data = pictures_pdf(*(Image.new("RGB", (60, 40), colour) for colour in ("red", "blue")))
    stream = ByteStream(data, mime_type="application/pdf")
    assert DocumentReader().read(Document(blob=stream, meta={"page_number": 2})).images == (PdfPage(data, 2),)
    whole = DocumentReader().read(Document(blob=stream))
    assert [page.number for page in whole.images] == [1, 2]
    assert whole.load_image(page=1).getpixel((9, 9))[2] > 200
    with pytest.raises(ImageError) as caught:
        DocumentReader().read(Document(blob=ByteStream(encrypted_pdf())))
    assert caught.value.code == "encrypted"


def test_a_list_of_paths_is_several_views(tmp_path):
    read = DocumentReader().read(Document(meta={"file_path": ["front.png", "shop.pdf#page=3"]}))
    assert read.images == ("front.png", PdfPage(Path("shop.pdf"), 3))
    with pytest.raises(ImageError) as caught:
        DocumentReader(root_path=str(tmp_path)).read(Document(id="1", meta={"file_path": ["a.png", "../b.png"]}))
    assert caught.value.code == "outside_root"


@pytest.mark.parametrize(
    "images", [["a.png"], ["a.png", "b.png"], [PdfPage("c.pdf", 2)], [PdfPage("c.pdf", 2), PdfPage("c.pdf", 3)]]
)
def test_meta_leads_back_to_the_same_images(images):
    meta = to_meta(YofoDocument(images=images), "file_path")
    assert list(map(str, DocumentReader().read(Document(meta=meta)).images)) == list(map(str, images))


def test_another_meta_field_names_the_image():
    assert DocumentReader("photo").read(Document(meta={"photo": "1.png", "file_path": "2.png"})).image == "1.png"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (Document(), "bad_document"),
        (Document(content="  "), "bad_document"),
        (Document(meta={"file_path": ""}), "bad_document"),
        (Document(meta={"file_path": 7}), "bad_path"),
        (Document(id="1", meta={"file_path": "page.pdf"}), "missing"),
        (Document(id="1", meta={"file_path": "page.pdf", "page_number": "two"}), "no_such_page"),
        (Document(blob=ByteStream(b"%PDF-1.7 ...")), "not_a_pdf"),
        (Document(id="1", meta={"file_path": ["1.png", 2]}), "bad_path"),
        (Document(id="1", content="half a pair: \ud800"), "bad_document"),
        (Document(id="1", meta={"file_path": "1.png", "mime_type": 1.5}), "bad_document"),
        (Document(id="1", blob=ByteStream(PNG, mime_type=b"image/png")), "bad_document"),
        (Document(meta={"file_path": "file://photos/1.png"}), "url"),
    ],
)
def test_what_is_no_document_is_refused(document, code):
    with pytest.raises(DocumentError) as caught:
        DocumentReader().read(document)
    assert caught.value.code == code


def test_paths_are_relative_to_the_root(photos):
    reader = DocumentReader(root_path=str(photos))
    assert reader.read(Document(meta={"file_path": "1.png"})).image == (photos / "1.png").resolve()
    assert reader.read(Document(meta={"file_path": str(photos / "1.png")})).image == (photos / "1.png").resolve()


@pytest.mark.parametrize("path", ["../1.png", "/etc/passwd.png", "a/../../1.png", "link.png"])
def test_no_path_leaves_the_root(path, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.png").symlink_to(tmp_path / "1.png")
    with pytest.raises(ImageError) as caught:
        DocumentReader(root_path=str(root)).read(Document(meta={"file_path": path}))
    assert caught.value.code == "outside_root"


def test_a_file_address_inside_the_root(photos):
    reader = DocumentReader(root_path=str(photos))
    assert reader.read(Document(meta={"file_path": f"file://{photos}/1.png"})).load_image().size == (48, 48)


@pytest.mark.parametrize("with_root", [False, True])
@pytest.mark.parametrize("address", ["https://example.com/1.png", "file:///etc/passwd"])
def test_nothing_is_fetched(address, with_root, tmp_path, monkeypatch):
    def no_socket(*arguments, **settings):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    reader = DocumentReader(root_path=str(tmp_path) if with_root else None)
    with pytest.raises(ImageError, match="nothing is fetched") as caught:
        reader.read(Document(meta={"file_path": address})).load_image()
    assert caught.value.code == "url"


def test_a_path_that_cannot_be_one(tmp_path):
    with pytest.raises(ImageError) as caught:
        DocumentReader(root_path=str(tmp_path)).read(Document(meta={"file_path": "a\0.png"}))
    assert caught.value.code == "bad_path"


def test_of_duplicates_the_best_stays_at_the_first_place():
    first = Document(id="a", content="x")
    best = Document(id="a", content="x", score=0.5)
    kept = without_duplicates([first, Document(id="b", content="y"), best, Document(id="a", content="x", score=0.1)])
    assert [document.id for document in kept] == ["a", "b"]
    assert kept[0] is best


def test_a_file_that_is_swapped_for_a_link_later_is_not_opened(photos, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "1.png").write_bytes((photos / "1.png").read_bytes())
    read = DocumentReader(root_path=str(root)).read(Document(meta={"file_path": "1.png"}))
    assert read.load_image() is not None
    (root / "1.png").unlink()
    (root / "1.png").symlink_to(photos / "2.png")
    with pytest.raises(ImageError) as caught:
        read.load_image()
    assert caught.value.code == "outside_root"
