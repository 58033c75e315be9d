"""Documents in the forms that people have at hand, wherever documents are taken."""

import io

import numpy as np
import pytest
from PIL import Image

from yofo_rerank import Document, Judgement, YofoReranker
from yofo_rerank.candidates import split_hits
from yofo_rerank.documents import as_document, as_documents
from yofo_rerank.errors import DocumentError
from yofo_rerank.requirements import JudgedDocument
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.retrieval.results import RetrievedDocument

RED = (254, 0, 0)


@pytest.fixture
def forms(tmp_path):
    """One red picture in every form."""
    picture = Image.new("RGB", (8, 6), RED)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    (tmp_path / "red.png").write_bytes(buffer.getvalue())
    return {
        "path": tmp_path / "red.png",
        "bytes": buffer.getvalue(),
        "bytearray": bytearray(buffer.getvalue()),
        "buffer": buffer,
        "pil": picture,
        "array": np.array(picture),
        "array with alpha": np.array(picture.convert("RGBA")),
        "dict": {"image": str(tmp_path / "red.png"), "id": "7"},
        "dict of an array": {"image": np.array(picture), "id": "8", "metadata": {"price": 2}},
        "document": Document(image=picture),
    }


def test_every_form_of_an_image_is_the_same_picture(forms):
    pictures = {name: as_document(form).load_image() for name, form in forms.items()}
    assert {(one.size, one.getpixel((3, 3))) for one in pictures.values()} == {((8, 6), RED)}
    assert as_document(forms["dict of an array"]).metadata == {"price": 2}
    assert as_document(forms["path"]).id == str(forms["path"])


def test_grey_array():
    assert as_document(np.full((6, 8), 77, np.uint8)).load_image().getpixel((0, 0)) == (77, 77, 77)


def test_an_array_is_copied():
    array = np.zeros((6, 8, 3), np.uint8)
    document = as_document(array)
    array[:] = 255
    assert document.load_image().getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 64, 64)), np.zeros((64, 64, 2), np.uint8), np.zeros((1, 2, 3, 4), np.uint8), np.zeros(4)]
)
def test_another_array_is_refused_by_shape_and_type(array):
    with pytest.raises(DocumentError, match=r"got an array of \w+ and shape \(.*wanted uint8"):
        Document(image=array)


@pytest.mark.parametrize("text", ["a grey skirt", "red.png", "/nowhere/red.png", "a\0.png", "x" * 9000 + ".png"])
def test_a_string_is_a_text(text):
    document = as_document(text)
    assert (document.text, document.image) == (text, None)


def test_a_string_that_names_an_image_file_is_not_guessed_at(forms):
    with pytest.raises(DocumentError, match=r"names an image file; wanted Path\(.*Document\(text=\.\.\.\)"):
        as_document(str(forms["path"]))
    with pytest.raises(DocumentError, match="data URI"):
        as_document("data:image/png;base64,AAAA")
    assert Document(text=str(forms["path"])).text == str(forms["path"])


@pytest.mark.parametrize("value", [None, 3, ["a"], object(), {"picture": "a.png"}, {}, {"id": "7"}, {"image": 3}])
def test_anything_else_is_refused(value):
    with pytest.raises(DocumentError):
        as_document(value)


def test_an_error_names_the_place():
    with pytest.raises(DocumentError, match="document 1: a document has no 'picture'; wanted some of image, text, "):
        as_documents(["a grey skirt", {"picture": "a.png"}])


@pytest.mark.parametrize("form", ["bytes", "buffer", "path", "pil", "array", "dict", "document"])
def test_one_document_is_no_list(forms, form):
    for take in (as_documents, split_hits):
        with pytest.raises(DocumentError, match="documents must be a list, but got a single"):
            take(forms[form])
    with pytest.raises(DocumentError, match="must be a list, but got a single str"):
        as_documents("a grey skirt")


def test_a_batch_of_pictures_is_a_list():
    assert len(as_documents(np.zeros((2, 6, 8, 3), np.uint8))) == 2


def test_hits_and_plain_inputs_may_be_mixed(forms):
    hit = RetrievedDocument(Document(text="a skirt", id="hit"), 0.25, 1)
    documents, scores = split_hits([hit, "a blouse", forms["array"]])
    assert [document.text for document in documents] == ["a skirt", "a blouse", None]
    assert scores == [0.25, None, None]


class Sees:
    """A judge that says yes to pictures."""

    def judge_outcomes(self, documents, requirements):
        return [
            JudgedDocument(
                tuple(
                    Judgement(requirement=one, p_yes=0.9 if document.image else 0.2, verdict=bool(document.image))
                    for one in requirements
                )
            )
            for document in documents
        ]

    def vocabulary_warnings(self, texts):
        return []

    def info(self):
        return {}


def test_reranker_takes_every_form(forms):
    ranking = YofoReranker(Sees(), decomposer="rules").rerank("red", ["a skirt", *forms.values()])
    assert len(ranking) == 1 + len(forms)
    assert ranking[-1].document.text == "a skirt"
    places = YofoReranker(Sees()).rank("red", ["a skirt", forms["array"]], return_documents=True)
    assert [place["corpus_id"] for place in places] == [1, 0]
    assert places[1]["text"] == "a skirt"


class Encoder:
    """Brightness and a constant."""

    model, pretrained, fingerprint, dim = "brightness", None, "brightness", 2

    def encode_images(self, images):
        return np.array([[np.asarray(image).mean() / 255, 1] for image in images], np.float32)

    def encode_texts(self, texts, *, warn=True):
        return np.array([[len(text), 1] for text in texts], np.float32)

    def too_long(self, texts):
        return [False] * len(texts)


def test_retriever_takes_every_form(forms):
    retriever = ClipFaissRetriever(Encoder())
    kinds = ["path", "bytes", "array", "dict", "dict of an array"]
    given = [forms[kind] for kind in kinds]
    given[1] = {"image": given[1], "id": "bytes"}
    report = retriever.add([*given, "a skirt"])
    assert report.added == 6
    assert retriever.documents[0].id == str(forms["path"])
    with pytest.raises(DocumentError, match="single"):
        retriever.add("a skirt")
