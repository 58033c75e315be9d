"""Documents of several images in the first stage: one vector, kept whole."""

import numpy as np
import pytest
from PIL import Image

from tests.pdfs import pictures_pdf
from yofo_rerank.documents import Document
from yofo_rerank.pdf import PdfPage
from yofo_rerank.retrieval import ClipFaissRetriever


def test_the_vector_is_the_mean_of_the_views(encoder, make):
    red, blue = make.colour(200, 0, 0), make.colour(0, 0, 200)
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(images=[red, blue], id="both"), Document(image=red, id="red"), Document(text="x", id="t")])
    one, other = encoder.encode_images([red, blue])
    mean = (one + other) / np.linalg.norm(one + other)
    scores = {hit.document.id: hit.score for hit in retriever.search_embeddings(mean[None], 3)[0]}
    assert scores["both"] == pytest.approx(1.0, abs=1e-6)
    assert scores["red"] == pytest.approx(float(one @ mean), abs=1e-6) and scores["red"] < 0.99


def test_a_view_that_cannot_be_read_skips_its_document(encoder, make):
    report = ClipFaissRetriever(encoder).add([Document(images=[make.colour(1, 2, 3), b"junk"], id="bad")])
    assert [(one.id, one.code) for one in report.skipped] == [("bad", "not_an_image")]


def test_all_views_survive_in_an_index(encoder, tmp_path, make):
    path, pdf = tmp_path / "front.png", tmp_path / "shop.pdf"
    make.colour(200, 0, 0).save(path)
    pdf.write_bytes(pictures_pdf(make.colour(0, 200, 0, (60, 40)), make.colour(0, 0, 200, (60, 40))))
    documents = [
        Document(images=[path, make.colour(0, 0, 200)], text="two", id="mixed", metadata={"price": 3}),
        Document(image=PdfPage(pdf, 2), id="page"),
        Document(images=[PdfPage("shop.pdf", 2), "front.png"], id="inside", root=tmp_path),
        Document(images=[PdfPage(pdf.read_bytes(), 1), make.colour(1, 1, 1)], id="memory"),
    ]
    retriever = ClipFaissRetriever(encoder)
    assert retriever.add(documents).skipped == ()
    for _ in range(2):  # and again from the loaded one
        retriever.save(tmp_path / "index")
        retriever = ClipFaissRetriever.load(tmp_path / "index", encoder)
    for document, again in zip(documents, retriever.documents, strict=True):
        assert (again.id, again.text, again.metadata) == (document.id, document.text, document.metadata)
        assert len(again.images) == len(document.images)
        for page in range(len(document.images)):
            picture, expected = again.load_image(page=page), document.load_image(page=page)
            assert picture.getpixel((3, 3)) == expected.getpixel((3, 3))
    assert retriever.documents[1].image == PdfPage(pdf, 2)


def test_known_facts_change_with_any_view(tmp_path):
    from yofo_rerank.retrieval.facets import stamp

    for name in ("a.png", "b.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    document = Document(images=[tmp_path / "a.png", tmp_path / "b.png"])
    before = stamp(document)
    Image.new("RGB", (9, 9)).save(tmp_path / "b.png")
    assert stamp(document) != before != stamp(Document(image=tmp_path / "a.png"))
