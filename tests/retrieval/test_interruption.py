"""Ctrl-C or no memory at any line of an addition, removal or save: before or after, never between."""

import copy
import os
import shutil
import signal
import sys
import time

import faiss
import numpy as np
import pytest

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, RetrievalError
from yofo_rerank.retrieval import ClipFaissRetriever, contents, files, generations, index, kept_images, storage

KINDS = ["Flat", "HNSW8", "IVF4,Flat", "PCA4,IVF4,Flat", "IVF4,PQ4x4", "SQ8", "IVF4,PQ4x4,RFlat"]
CODE = {module.__file__ for module in (contents, index, storage, generations, files, kept_images)}


class Stop(KeyboardInterrupt):
    """What the tests interrupt with."""


def texts(n, start=0, what="garment"):
    return [Document(text=f"{what} number {i}", id=str(i)) for i in range(start, start + n)]


def interrupted_at(step, action, error=Stop):
    """Run `action`, raising at the step-th line of the retriever's code that it executes; whether it came so far."""
    count = 0

    def on_line(frame, event, _):
        nonlocal count
        if frame.f_code.co_filename not in CODE:
            return None
        if event == "line":
            count += 1
            if count == step:
                sys.settrace(None)
                raise error
        return on_line

    previous = sys.gettrace()
    sys.settrace(on_line)
    try:
        action()
    except error:
        assert count >= step
    finally:
        sys.settrace(previous)
    return count >= step


def check(retriever, encoder, tmp_path):
    """Counts agree, every document is found by its own text, and a save keeps it all."""
    documents = retriever.documents
    assert len(retriever) == len(documents) == len({document.id for document in documents})
    hits = retriever.search_many([document.text for document in documents], top_k=len(documents))
    places = [[hit.document for hit in found].index(document) for found, document in zip(hits, documents, strict=True)]
    assert max(places) < 12  # quantized vectors are not exact
    retriever.save(tmp_path / "saved")
    again = ClipFaissRetriever.load(tmp_path / "saved", encoder)
    assert again.documents == documents


def states(retriever):
    return {(document.id, document.text) for document in retriever.documents}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["add", "replace", "remove"])
def test_a_change_interrupted_at_any_line_has_happened_or_not(encoder, tmp_path, kind, change):
    if change == "remove" and kind.endswith("RFlat"):
        kind = "Flat"
    changes = {
        "add": lambda one: one.add_embeddings(*rows(encoder, texts(10, start=40))),
        "replace": lambda one: one.add_embeddings(*rows(encoder, texts(20, start=30, what="new")), replace=True),
        "remove": lambda one: one.remove([str(i) for i in range(5)]),
    }
    start = ClipFaissRetriever(encoder, kind)
    start.add_embeddings(*rows(encoder, texts(40)))
    before = states(start)
    outcomes, step, reached = set(), 0, True
    while reached:
        step += 1
        retriever = copy.deepcopy(start)
        reached = interrupted_at(step, lambda one=retriever: changes[change](one))
        outcomes.add(frozenset(states(retriever)))
        if step % 5 == 1 or not reached:
            check(retriever, encoder, tmp_path)
    assert step > 15
    assert outcomes == {frozenset(before), frozenset(states(retriever))}
    assert len(outcomes) == 2


@pytest.mark.parametrize("kind", ["Flat", "HNSW8", "IVF4,Flat", "PCA4,IVF4,Flat", "IVF4,PQ4x4,RFlat"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_faiss_stopped_half_way(encoder, tmp_path, monkeypatch, kind, error):
    retriever = ClipFaissRetriever(encoder, kind)
    retriever.add_embeddings(*rows(encoder, texts(40)))
    before = states(retriever)

    def half(self, keys, vectors):
        if isinstance(self._index, faiss.IndexIDMap):  # the vectors are in, their keys are not
            self._index.index.add(vectors)
        else:  # some lists have theirs, and the count does not say so
            n = self._index.ntotal
            self._index.add_with_ids(vectors[:5], np.asarray(keys[:5]))
            self._index.ntotal = n
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(index.VectorIndex, "add", half)
        with pytest.raises(error):
            retriever.add_embeddings(*rows(encoder, texts(10, start=40)))
    assert states(retriever) == before
    check(retriever, encoder, tmp_path)
    retriever.add_embeddings(*rows(encoder, texts(10, start=40)))
    assert len(retriever) == 50
    check(retriever, encoder, tmp_path)


def test_ctrl_c_while_faiss_builds_its_graph(encoder, tmp_path):
    retriever = ClipFaissRetriever(encoder, "HNSW16")
    retriever.add_embeddings(*rows(encoder, texts(50)))
    more = texts(4000, start=50)
    vectors = np.random.default_rng(0).normal(size=(4000, 8)).astype(np.float32)
    interrupted = 0
    for delay in (0.005, 0.02, 0.05, 0.1):
        size = len(retriever)
        signal.setitimer(signal.ITIMER_REAL, delay)
        previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            retriever.add_embeddings(more, vectors, replace=True)
            time.sleep(1)
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert len(retriever) in (size, 4050)
        assert {document.id for document in retriever.documents} >= {str(i) for i in range(size)}
        hits = retriever.search_embeddings(encoder.encode_texts(["garment number 7"]), top_k=3)[0]
        assert hits[0].document.text == "garment number 7"
    assert interrupted >= 3
    retriever.save(tmp_path / "index")
    assert len(ClipFaissRetriever.load(tmp_path / "index", encoder)) == len(retriever)


def test_a_replacement_without_memory_keeps_the_old_ones(encoder, monkeypatch):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(texts(50))

    def no_memory(self, keys, vectors):
        raise MemoryError

    monkeypatch.setattr(index.VectorIndex, "add", no_memory)
    with pytest.raises(MemoryError):
        retriever.add(texts(50, what="new"), replace=True)
    assert states(retriever) == {(document.id, document.text) for document in texts(50)}
    assert retriever.search("garment number 7")[0].document.id == "7"


def test_a_save_checks_the_counts(encoder, tmp_path):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(texts(5))
    retriever._contents._index.remove([3])  # behind the retriever's back
    with pytest.raises(RetrievalError, match="three times the same") as caught:
        retriever.save(tmp_path / "index")
    assert caught.value.code == "inconsistent"
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize("error", [Stop, MemoryError, OSError])
def test_a_save_that_fails_at_any_line_leaves_an_index_that_loads(encoder, tmp_path, make, error):
    retriever = ClipFaissRetriever(encoder)
    retriever.add([*texts(3), Document(image=make.colour(9, 9, 99), id="pil")])
    retriever.save(tmp_path / "base")
    retriever.add(texts(2, start=3))
    sizes, left, step, reached = [], [], 0, True
    while reached:
        step += 3
        folder = shutil.copytree(tmp_path / "base", tmp_path / str(step))
        reached = interrupted_at(step, lambda folder=folder: retriever.save(folder), error)
        loaded = ClipFaissRetriever.load(folder, encoder)
        sizes.append(len(loaded))
        assert [document.id for document in loaded.documents][:4] == ["0", "1", "2", "pil"]
        assert loaded.documents[3].load_image().getpixel((0, 0)) == (9, 9, 99)
        del loaded
        retriever.save(folder)
        left.append(len(list(folder.glob("generation-*"))))
        assert not list(folder.rglob(".yofo-tmp-*"))
    assert sizes == sorted(sizes) or error is OSError  # which some steps do without
    assert (sizes[0], sizes[-1]) == (4, 6)
    assert len(sizes) > 30
    assert left.count(1) >= len(left) - 2  # stopped in `os.close` itself, a file stays locked as long as the process


def test_a_truncated_vectors_file_is_noticed(encoder, tmp_path, monkeypatch):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(texts(30))
    retriever.save(tmp_path)
    retriever.add(texts(30, start=30))
    sync = os.fsync

    def cut(descriptor):
        sync(descriptor)
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith("vectors.faiss"):
            os.truncate(f"/proc/self/fd/{descriptor}", 700)

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(RetrievalError, match="the disk may be full") as caught:
        retriever.save(tmp_path)
    assert caught.value.code == "not_stored"
    assert len(ClipFaissRetriever.load(tmp_path, encoder)) == 30


def test_a_full_disk_is_an_error(encoder, tmp_path, monkeypatch):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(texts(30))
    retriever.save(tmp_path)
    monkeypatch.setattr(index.VectorIndex, "write_to", lambda self, put: index.faiss.write_index(self._index, full()))

    def full():
        def put(data):
            raise OSError(28, "No space left on device")

        return faiss.PyCallbackIOWriter(put)

    with pytest.raises(OSError, match="No space left"):
        retriever.save(tmp_path)
    assert len(ClipFaissRetriever.load(tmp_path, encoder)) == 30


def test_integers_that_json_cannot_write_are_refused_with_the_document():
    with pytest.raises(DocumentError, match=r"metadata\['a'\]\[0\] is an integer of 16,610 bits"):
        Document(text="a", metadata={"a": [10**5000]})
    assert Document(text="a", metadata={"a": -(10**1000)}).metadata["a"] == -(10**1000)


def rows(encoder, documents):
    return documents, encoder.encode_texts([document.text for document in documents])
