import io
import logging

import numpy as np
import pytest
from PIL import Image

from yofo_rerank.documents import Document, ImageLimits, load_folder
from yofo_rerank.errors import DocumentError, RetrievalError
from yofo_rerank.retrieval import AddReport, ClipFaissRetriever, RetrievedDocument


def texts(n, start=0):
    return [Document(text=f"garment number {i}", id=str(i)) for i in range(start, start + n)]


def ids(hits):
    return [hit.document.id for hit in hits]


def test_a_document_is_found_by_its_own_text(retriever):
    documents = texts(10)
    assert retriever.add(documents) == AddReport(added=10)
    assert len(retriever) == 10
    assert retriever.documents == documents
    for document in documents:
        hit = retriever.search(document.text, top_k=3)[0]
        assert (hit.document, hit.rank) == (document, 1)
        assert hit.score == pytest.approx(1, abs=1e-5)


def test_hits_are_ordered_plain_and_equal_brute_force(retriever, encoder):
    documents = texts(30)
    retriever.add(documents)
    query = encoder.encode_texts(["blue hooded top"])[0]
    wanted = encoder.encode_texts([document.text for document in documents]) @ query
    hits = retriever.search("blue hooded top")
    assert ids(hits) == [documents[i].id for i in np.argsort(-wanted)]
    assert [hit.rank for hit in hits] == list(range(1, 31))
    assert all(type(hit.score) is float for hit in hits)
    assert hits[0].score - hits[-1].score > 0.5
    assert hits[0].to_dict() == {"document": hits[0].document.to_dict(), "score": hits[0].score, "rank": 1}


def test_images_count_before_texts(retriever, make):
    red, blue = make.colour(250, 0, 0), make.colour(0, 0, 250)
    retriever.add([Document(image=red, text="something blue", id="red"), Document(image=blue, id="blue")])
    assert ids(retriever.search(make.colour(200, 20, 20))) == ["red", "blue"]
    assert ids(retriever.search(make.colour(20, 20, 200))) == ["blue", "red"]


def test_search_many_mixes_texts_and_images(retriever, make):
    retriever.add([*texts(5), Document(image=make.colour(250, 0, 0), id="red")])
    queries = ["garment number 3", make.colour(240, 5, 5), "garment number 1"]
    many = retriever.search_many(queries, top_k=4)
    assert [ids(hits)[0] for hits in many] == ["3", "red", "1"]
    assert [ids(hits) for hits in many] == [ids(retriever.search(query, top_k=4)) for query in queries]
    assert retriever.search_many([]) == []


@pytest.mark.parametrize("top_k", [0, -1, 2.5, True, "3", None])
def test_bad_top_k(retriever, top_k):
    with pytest.raises(RetrievalError, match="wanted a whole number from 1") as caught:
        retriever.search("a top", top_k=top_k)
    assert caught.value.code == "bad_top_k"


@pytest.mark.parametrize("query", ["", "  \n", 7, None, b"a top", "half \ud83d"])
def test_bad_queries(retriever, query):
    with pytest.raises(RetrievalError) as caught:
        retriever.search(query)
    assert caught.value.code == "bad_query"


def test_top_k_beyond_the_size_and_an_empty_index(retriever):
    assert retriever.search("a top") == []
    assert retriever.search_many(["a top", "a skirt"]) == [[], []]
    retriever.add(texts(3))
    assert len(retriever.search("a top", top_k=1000)) == 3
    assert len(retriever.search("a top", top_k=np.int64(2))) == 2


def test_equal_scores_keep_the_order_of_addition(retriever):
    retriever.add([Document(text="the same", id=name) for name in "cabde"])
    assert ids(retriever.search("anything", top_k=5)) == list("cabde")


def test_two_documents_with_one_id(retriever):
    with pytest.raises(DocumentError, match="'0', which this call already has") as caught:
        retriever.add([*texts(2), *texts(1)])
    assert caught.value.code == "duplicate_id"
    assert len(retriever) == 0
    retriever.add(texts(2))
    with pytest.raises(DocumentError, match="'1', which the index already has"):
        retriever.add([Document(text="new", id="1")])
    assert len(retriever) == 2


def test_what_is_not_a_document(retriever):
    for wrong in ([3], [*texts(1), None], "photos", texts(1)[0]):
        with pytest.raises(DocumentError, match="but got"):
            retriever.add(wrong)
    with pytest.raises(DocumentError, match="but got int"):
        retriever.add_embeddings([3], np.ones((1, retriever.encoder.dim)))
    assert len(retriever) == 0


@pytest.mark.parametrize("index", ["Flat", "HNSW8"])
def test_replace(encoder, index):
    retriever = ClipFaissRetriever(encoder, index)
    retriever.add(texts(4))
    new = [Document(text="first", id="1"), Document(text="second", id="1"), Document(text="third", id="9")]
    assert retriever.add(new, replace=True).added == 2  # the later of two wins
    assert [document.id for document in retriever.documents] == ["0", "2", "3", "1", "9"]
    assert retriever.search("second")[0].document == new[1]
    assert ids(retriever.search("x")).count("1") == 1
    assert retriever.search("garment number 1")[0].score < 0.99


@pytest.mark.parametrize("index", ["Flat", "HNSW8", "IVF4,Flat"])
def test_remove(encoder, index):
    retriever = ClipFaissRetriever(encoder, index)
    retriever.add(texts(40))
    before = ids(retriever.search("garment number 7"))
    retriever.remove(["7", "20", "7"])
    assert len(retriever) == 38
    assert ids(retriever.search("garment number 7")) == [id_ for id_ in before if id_ not in ("7", "20")]
    retriever.add([Document(text="garment number 7", id="7")])
    assert ids(retriever.search("garment number 7"))[0] == "7"
    retriever.remove("7")
    assert "7" not in ids(retriever.search("garment number 7"))


def test_removing_unknown_ids_removes_nothing(retriever):
    retriever.add(texts(3))
    with pytest.raises(RetrievalError, match="got 1 ids that are not in the index: 'nine'") as caught:
        retriever.remove(["1", "nine"])
    assert caught.value.code == "unknown_id"
    assert len(retriever) == 3
    retriever.remove([])
    assert len(retriever) == 3


def test_unreadable_images_are_reported_and_skipped(retriever, tmp_path, caplog, make):
    make.colour(1, 2, 200).save(tmp_path / "good.png")
    (tmp_path / "text.png").write_text("not an image")
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(buffer, "JPEG")
    documents = [
        Document(image=tmp_path / "missing.png", text="has a text", id="missing"),
        Document(image=tmp_path / "good.png", id="good"),
        Document(image=str(tmp_path / "text.png"), id="text"),
        Document(image=buffer.getvalue()[:900], id="cut"),
        Document(text="no image", id="written"),
    ]
    with caplog.at_level(logging.WARNING, logger="yofo_rerank"):
        report = retriever.add(documents)
    assert report.added == 2
    assert [(id_, code) for id_, code, _ in report.skipped] == [
        ("missing", "missing"),
        ("text", "not_an_image"),
        ("cut", "truncated"),
    ]
    assert all(skipped.message in caplog.text for skipped in report.skipped)
    assert {document.id for document in retriever.documents} == {"good", "written"}


def test_nothing_readable(retriever):
    report = retriever.add([Document(image="nowhere.png", id="a")])
    assert (report.added, len(report.skipped), len(retriever)) == (0, 1, 0)
    assert retriever.add([]) == AddReport(added=0)


def test_limits_apply(encoder, tmp_path, make):
    make.colour(1, 2, 3, size=(100, 100)).save(tmp_path / "big.png")
    retriever = ClipFaissRetriever(encoder, limits=ImageLimits(max_pixels=99))
    report = retriever.add(load_folder(tmp_path))
    assert [skipped.code for skipped in report.skipped] == ["too_many_pixels"]


def test_long_texts_are_reported(retriever, caplog):
    documents = [Document(text="word " * 30, id="long"), Document(text="short", id="short")]
    with caplog.at_level(logging.WARNING, logger="yofo_rerank"):
        report = retriever.add(documents)
    assert (report.added, report.truncated) == (2, ("long",))
    assert "1 texts are longer than the encoder reads: 'long'" in caplog.text


def test_embeddings_made_elsewhere(retriever, encoder):
    documents = texts(5)
    vectors = encoder.encode_texts([document.text for document in documents])
    assert retriever.add_embeddings(documents, 3 * vectors) == AddReport(added=5)
    assert ids(retriever.search("garment number 2"))[0] == "2"
    found = retriever.search_embeddings(vectors[[2, 4]] * 7, top_k=1)
    assert [(hits[0].document.id, round(hits[0].score, 4)) for hits in found] == [("2", 1.0), ("4", 1.0)]
    with pytest.raises(DocumentError):
        retriever.add_embeddings(documents, vectors)
    assert retriever.add_embeddings(documents, vectors, replace=True).added == 5
    assert retriever.add_embeddings([], np.zeros((0, 8))).added == 0


@pytest.mark.parametrize(
    "embeddings", [np.ones((2, 8)), np.ones((3, 7)), np.ones(8), np.full((3, 8), np.nan), np.full((3, 8), np.inf)]
)
def test_bad_embeddings(retriever, embeddings):
    with pytest.raises(RetrievalError) as caught:
        retriever.add_embeddings(texts(3), embeddings)
    assert caught.value.code == "bad_embeddings"
    assert len(retriever) == 0


def test_inputs_stay_as_they_are(retriever, make):
    image = make.colour(9, 9, 200)
    document = Document(image=image, id="a", metadata={"price": [1, 2]})
    vectors = np.full((1, 8), 2.0, np.float32)
    retriever.add([document])
    retriever.search(image)
    retriever.add_embeddings([Document(text="t", id="b")], vectors)
    assert (document.metadata, image.size, image.getpixel((0, 0))) == ({"price": [1, 2]}, (12, 10), (9, 9, 200))
    assert (vectors == 2).all()


def test_progress_goes_to_stderr(retriever, capsys):
    retriever.add(texts(8), progress=True)
    retriever.add((document for document in texts(8, start=8)), progress=True)
    shown = capsys.readouterr()
    assert "Encoding" in shown.err
    assert shown.out == ""
    retriever.add(texts(8, start=16))  # no terminal here
    assert capsys.readouterr().err == ""


def test_an_image_folder_with_the_real_encoder(clip_folder, tmp_path, make):
    noise = np.random.default_rng(0)
    for number in range(9):
        blocks = Image.fromarray(noise.integers(0, 256, (3, 3, 3), np.uint8)).resize((30, 40), Image.Resampling.NEAREST)
        path = tmp_path / f"shelf{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        blocks.save(path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    retriever = ClipFaissRetriever.from_pretrained(clip_folder, batch_size=4)
    report = retriever.add(load_folder(tmp_path), progress=False)
    assert (report.added, [skipped.id for skipped in report.skipped]) == (9, ["broken.jpg"])
    hits = retriever.search(Image.open(tmp_path / "shelf1" / "3.png"), top_k=5)
    assert (hits[0].document.id, round(hits[0].score, 3)) == ("shelf1/3.png", 1.0)
    assert hits[1].score < 0.9999
    assert len(retriever.search("a blue hooded top " * 60, top_k=100)) == 9  # 240 words
    assert isinstance(hits[0], RetrievedDocument)


def test_bad_batch_size(encoder):
    with pytest.raises(ValueError, match="batch_size"):
        ClipFaissRetriever(encoder, batch_size=0)
