"""Pages of PDFs as images: what is drawn, which page, and what is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.pdfs import encrypted_pdf, pictures_pdf, plain_pdf
from yofo_rerank import Document
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.images import ImageLimits, load_image
from yofo_rerank.models.looking import document_key, read_images
from yofo_rerank.pdf import MAX_PDF_PAGES, MOST_PIXELS, PdfPage, pdf_pages

pytest.importorskip("pypdfium2")


@pytest.fixture(scope="module")
def three():
    return pictures_pdf(*(Image.new("RGB", (120, 80), colour) for colour in ("red", "lime", "blue")))


def code(call):
    with pytest.raises(ImageError) as caught:
        call()
    return caught.value.code


def test_every_page_is_an_image_of_the_document_in_order(three, tmp_path):
    (tmp_path / "shop.pdf").write_bytes(three)
    document = Document(images=pdf_pages("shop.pdf", root=tmp_path), root=tmp_path)
    assert document.to_dict()["images"] == [f"shop.pdf#page={number}" for number in (1, 2, 3)]
    for page, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        picture = document.load_image(page=page)
        assert picture.mode == "RGB"
        assert sum(abs(one - other) for one, other in zip(picture.getpixel((60, 40)), colour, strict=True)) < 12


def test_a_page_is_drawn_in_the_size_that_is_wanted(three):
    large = load_image(PdfPage(three, 1))
    small = load_image(PdfPage(three, 1), max_pixels=70_000)
    assert large.width / large.height == pytest.approx(1.5, rel=0.02)
    assert small.width * small.height <= 70_000 < large.width * large.height <= MOST_PIXELS


def test_transparency_lies_on_white_and_a_turned_page_is_upright():
    square = b"1 0 0 rg 0 0 20 20 re f"  # at the bottom left
    plain = load_image(PdfPage(plain_pdf(square, box="0 0 100 60"), 1))
    assert plain.getpixel((plain.width - 2, 2)) == (255, 255, 255)
    assert plain.getpixel((3, plain.height - 4)) == (255, 0, 0)
    turned = load_image(PdfPage(plain_pdf(square, box="0 0 100 60", more="/Rotate 90"), 1))
    assert turned.width < turned.height
    assert turned.getpixel((3, 4)) == (255, 0, 0)  # a quarter to the right: now at the top left


def test_what_cannot_be_drawn_has_a_code(three, tmp_path):
    assert code(lambda: load_image(PdfPage(three, 4))) == "no_such_page"
    assert code(lambda: PdfPage(three, 0)) == "no_such_page"
    assert code(lambda: PdfPage("", 1)) == "bad_path"
    assert code(lambda: load_image(PdfPage(b"\x89PNG...", 1))) == "not_a_pdf"
    assert code(lambda: load_image(PdfPage(three[:200], 1))) == "not_a_pdf"
    assert code(lambda: load_image(PdfPage(tmp_path / "gone.pdf", 1))) == "missing"
    assert code(lambda: pdf_pages("../gone.pdf", root=tmp_path)) in ("outside_root", "missing")
    assert code(lambda: load_image(PdfPage(three, 1), ImageLimits(max_pdf_bytes=100))) == "too_many_bytes"
    assert code(lambda: load_image(three)) == "pdf"  # a whole PDF is no image


def test_an_encrypted_pdf_is_a_typed_error():
    assert code(lambda: pdf_pages(encrypted_pdf())) == "encrypted"
    assert code(lambda: load_image(PdfPage(encrypted_pdf(), 1))) == "encrypted"


def test_a_pdf_of_ten_thousand_pages_is_a_typed_error():
    data = plain_pdf(pages=10_000)
    started = time.monotonic()
    assert code(lambda: pdf_pages(data)) == "too_many_pages"
    assert code(lambda: load_image(PdfPage(data, 7))) == "too_many_pages"
    assert time.monotonic() - started < 5
    assert len(pdf_pages(plain_pdf(pages=MAX_PDF_PAGES))) == MAX_PDF_PAGES
    with pytest.raises(DocumentError) as caught:
        Document(images=pdf_pages(plain_pdf(pages=100)))
    assert caught.value.code == "too_many_images"


@pytest.mark.parametrize("box", ["0 0 1000000 1000000", "0 0 14400 3", "-50 -50 99999999 10"])
def test_a_page_of_any_size_is_drawn_within_bounds_or_refused(box):
    try:
        picture = load_image(PdfPage(plain_pdf(b"0 0 9 9 re f", box=box), 1))
    except ImageError as error:
        assert error.code in ("bad_aspect", "too_small", "not_a_pdf")
    else:
        assert picture.width * picture.height <= MOST_PIXELS


def test_a_page_that_takes_long_is_stopped():
    lines = b"".join(b"%d %d m %d %d l S\n" % (at % 97, at % 89, at % 83, at % 79) for at in range(200_000))
    page = PdfPage(plain_pdf(lines), 1)
    started = time.monotonic()
    assert code(lambda: load_image(page, ImageLimits(seconds=0.05))) == "too_slow"
    assert time.monotonic() - started < 5  # reading the page's objects comes before drawing


def test_a_page_is_named_by_the_bytes_of_its_file_and_its_number(three, tmp_path):
    path = tmp_path / "shop.pdf"
    path.write_bytes(three)
    first, second = (Document(image=PdfPage(path, number)) for number in (1, 2))
    assert first.id == f"{path}#page=1"
    assert document_key(first) != document_key(second)
    assert document_key(first) == document_key(Document(image=PdfPage(three, 1)))
    assert read_images(second, document_key(second)) == [PdfPage(three, 2)]


@given(st.binary(max_size=400), st.integers(0, 500))
def test_damaged_files_are_typed_errors(junk, at):
    data = plain_pdf(b"1 0 0 rg 0 0 20 20 re f")
    try:
        load_image(PdfPage(data[:at] + junk + data[at + len(junk) :], 1), max_pixels=70_000)
    except ImageError as error:
        assert error.code
