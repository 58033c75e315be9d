"""Adding to a retriever: streams, batches, indexes that must be trained first, and many threads."""

import threading
import time
import weakref

import pytest

from tests.retrieval.test_retriever import ids, texts
from yofo_rerank.documents import load_folder
from yofo_rerank.errors import DocumentError, RetrievalError
from yofo_rerank.retrieval import ClipFaissRetriever


def test_a_generator_is_consumed_batch_by_batch(encoder):
    retriever = ClipFaissRetriever(encoder, batch_size=4)
    made, gaps = [], []

    def stream():
        for document in texts(40):
            gaps.append(len(made) - len(retriever))
            made.append(document.id)
            yield document

    assert retriever.add(stream()).added == 40
    assert max(gaps) < 8  # one batch is encoded, the next is decoded
    assert encoder.batches == [4] * 10


def test_pictures_are_not_accumulated(encoder, tmp_path, make, monkeypatch):
    for number in range(20):
        make.colour(number, 0, 255 - number).save(tmp_path / f"{number:02}.png")
    seen, alive = [], []
    encode = encoder.encode_images

    def encode_images(images):
        seen.extend(weakref.ref(image) for image in images)
        alive.append(sum(reference() is not None for reference in seen))
        return encode(images)

    monkeypatch.setattr(encoder, "encode_images", encode_images)
    assert ClipFaissRetriever(encoder, batch_size=2).add(load_folder(tmp_path)).added == 20
    assert len(alive) == 10
    assert max(alive) <= 4  # this batch and the one before


def test_an_error_leaves_the_batches_before_it(retriever):
    def stream():
        yield from texts(9)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        retriever.add(stream())
    assert len(retriever) == 8
    assert retriever.add(texts(3, start=8)).added == 3


def test_an_index_that_needs_training_waits_for_enough_documents(encoder):
    retriever = ClipFaissRetriever(encoder, "IVF4,PQ4x4", batch_size=10)  # 16 codewords: trains from 39 x 16 = 624
    sizes = []

    def stream():
        for document in texts(700):
            sizes.append(len(retriever))
            yield document

    assert retriever.add(stream()).added == 700
    assert set(sizes) == {0, *range(630, 690, 10)}
    assert retriever.search("garment number 3", top_k=20)[0].score > 0.5


def test_too_few_documents_to_train_add_nothing(encoder):
    retriever = ClipFaissRetriever(encoder, "IVF64,PQ4x4", batch_size=10)
    with pytest.raises(RetrievalError, match="got 30 vectors, wanted at least 64") as caught:
        retriever.add(texts(30))
    assert caught.value.code == "too_few_vectors"
    assert len(retriever) == 0
    assert retriever.add(texts(80)).added == 80


def test_duplicates_among_documents_waiting_for_training(encoder):
    retriever = ClipFaissRetriever(encoder, "IVF4,Flat", batch_size=2)
    with pytest.raises(DocumentError, match="'0', which this call already has"):
        retriever.add([*texts(4), *texts(1)])


def test_many_threads_add_and_search(encoder):
    retriever = ClipFaissRetriever(encoder, batch_size=5)
    retriever.add(texts(20))
    errors = []

    def work(number):
        try:
            for round_ in range(5):
                retriever.add(texts(10, start=1000 * (number + 1) + 10 * round_))
                assert retriever.search("garment number 3", top_k=5)[0].document.id == "3"
                retriever.remove([str(1000 * (number + 1) + 10 * round_)])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(retriever) == 20 + 6 * 5 * 9
    for document in retriever.documents:
        assert ids(retriever.search(document.text, top_k=1)) == [document.id]


def test_two_threads_with_one_id_add_it_once(encoder, monkeypatch):
    retriever = ClipFaissRetriever(encoder)
    encode = encoder.encode_texts

    def slowly(batch, *, warn=True):
        time.sleep(0.05)
        return encode(batch, warn=warn)

    monkeypatch.setattr(encoder, "encode_texts", slowly)
    outcomes = []

    def work():
        try:
            outcomes.append(retriever.add(texts(2)).added)
        except DocumentError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["2", "duplicate_id", "duplicate_id"]
    assert len(retriever) == 2
