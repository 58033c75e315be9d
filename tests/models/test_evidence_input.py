"""Evidence of what is awkward: turned and transparent pictures, many requirements, documents that cannot be read."""

import io
import threading

import pytest
from PIL import Image

from tests.pdfs import pictures_pdf
from yofo_rerank import Document, Requirement
from yofo_rerank.errors import ConfigError, DocumentError, ImageError
from yofo_rerank.models.evidence import find_evidence
from yofo_rerank.pdf import PdfPage, pdf_pages

BLUE = [Requirement(text="blue")]


@pytest.fixture
def model(tiny_qwen3_vl, slot_model):
    return slot_model(tiny_qwen3_vl, cache_bytes=1 << 20)


@pytest.fixture
def picture(make_image):
    return make_image(112, 64, 3)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def seen(found):
    return found.heat, found.box


@pytest.mark.parametrize("orientation", range(1, 9))
def test_coordinates_are_those_of_the_upright_picture(model, picture, orientation):
    """A camera stores the picture turned and says so in its EXIF; people see it upright."""
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90"}
    undo |= {7: "TRANSVERSE", 8: "ROTATE_270"}
    stored = picture.transpose(Image.Transpose[undo[orientation]]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = Document(image=encoded(stored, exif=exif.tobytes()))
    assert turned.load_image().tobytes() == picture.tobytes()
    [found], [expected] = (find_evidence(model, one, BLUE) for one in (turned, Document(image=picture)))
    assert seen(found) == seen(expected)
    assert len(found.heat) < len(found.heat[0])  # wider than high, as it is seen
    assert found.overlay(turned.load_image()).size == picture.size


def test_a_transparent_picture_is_looked_at_on_white(model, picture):
    clear = picture.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(picture.size))
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), clear).convert("RGB")
    [found], [expected] = (find_evidence(model, Document(image=one), BLUE) for one in (clear, on_white))
    assert seen(found) == seen(expected)


def test_forty_requirements_take_no_more_memory_than_one(tiny_qwen3_vl, slot_model, picture, monkeypatch):
    """What a pass holds is bounded by the budget of tokens, whatever is asked, and maps are small."""
    model = slot_model(tiny_qwen3_vl, max_batch_tokens=256, cache_bytes=1 << 20)
    held = []
    read = model.read

    def counted(states, asked, unseen=()):
        held.append(sum(state.n_tokens + len(one[0].ids) for state, one in zip(states, asked, strict=True)))
        return read(states, asked, unseen)

    monkeypatch.setattr(model, "read", counted)
    document = Document(image=picture)
    find_evidence(model, document, BLUE)
    most = max(held)
    found = find_evidence(model, document, [Requirement(text=f"number {n}") for n in range(40)])
    assert len(found) == 40 and len({one.p_yes for one in found}) > 20
    assert max(held) <= 256 and max(held) <= most + 40  # a longer text is a few tokens more
    assert model.network.passes > 40


def test_fifty_images_have_evidence_each(model, make_image):
    document = Document(images=[make_image(32, 32, seed) for seed in range(50)])
    [found] = find_evidence(model, document, BLUE)
    assert len(found.maps) == 50 and 0 <= found.page < 50


def test_a_picture_is_prepared_while_others_may_use_the_model(model, picture, monkeypatch):
    prepare, free = model.prepare, []

    def other_caller():
        free.append(model.lock.acquire(blocking=False))
        if free[-1]:
            model.lock.release()

    def watched(*arguments, **settings):
        other = threading.Thread(target=other_caller)
        other.start()
        other.join()
        return prepare(*arguments, **settings)

    monkeypatch.setattr(model, "prepare", watched)
    find_evidence(model, Document(image=picture), BLUE)
    assert free == [True]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (Document(image="gone.png"), "missing"),
        (Document(image=b"junk"), "not_an_image"),
        (Document(images=[Image.new("RGB", (32, 32)), b"junk"], id="1"), "not_an_image"),
        (Document(image=PdfPage(b"%PDF-1.7 junk", 1)), "not_a_pdf"),
    ],
)
def test_a_document_that_cannot_be_read_is_a_typed_error(model, document, code):
    with pytest.raises(ImageError) as caught:
        find_evidence(model, document, BLUE)
    assert caught.value.code == code


def test_a_document_that_is_too_long_is_a_typed_error(model, picture):
    model._max_tokens = 20
    with pytest.raises(DocumentError) as caught:
        find_evidence(model, Document(image=picture), BLUE)
    assert caught.value.code == "too_long"


def test_a_window_larger_than_the_picture_is_the_whole_picture(model, picture):
    [found] = find_evidence(model, Document(image=picture), BLUE, window=10**6)
    assert len({value for row in found.heat for value in row}) == 1
    assert found.box in (None, (0.0, 0.0, 1.0, 1.0))
    with pytest.raises(ConfigError):
        find_evidence(model, Document(image=picture), BLUE, window=0)


def test_a_text_alone_has_words_and_no_box(model):
    [found] = find_evidence(model, Document(text="blue top"), BLUE)
    assert (found.heat, found.box, found.maps, len(found.words)) == ((), None, (), 2)


def test_evidence_names_the_page_of_a_pdf(model, make_image):
    pytest.importorskip("pypdfium2")
    pages = pdf_pages(pictures_pdf(*(make_image(96, 64, seed) for seed in range(3))))
    document = Document(images=pages)
    [found] = find_evidence(model, document, BLUE)
    assert len(found.maps) == 3
    assert document.images[found.page].number == found.page + 1
    assert document.load_image(page=found.page).size == document.load_image().size
