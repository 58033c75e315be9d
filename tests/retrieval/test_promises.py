"""Promises: retriever and encoder can be copied and pickled; pickled weights and endless queries are refused."""

import copy
import pickle
import time

import numpy as np
import pytest

from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError, RetrievalError
from yofo_rerank.requirements import MAX_QUERY_CHARS
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever
from yofo_rerank.retrieval import encoder as encoder_module


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("index", ["Flat", "HNSW8", "IVF2,Flat"])
def test_a_retriever_is_copied_with_its_contents(clip_folder, tmp_path, make, copied, index):
    retriever = ClipFaissRetriever.from_pretrained(clip_folder, index=index)
    retriever.add([Document(text=text, id=text) for text in make.texts] + [Document(image=make.colour(9, 99, 9))])
    retriever.save(tmp_path)
    retriever = ClipFaissRetriever.load(tmp_path, retriever.encoder)
    twin = copied(retriever)
    hits = [[(hit.document.id, hit.score) for hit in one.search("a blue top", top_k=5)] for one in (retriever, twin)]
    assert [id_ for id_, _ in hits[0]] == [id_ for id_, _ in hits[1]]
    np.testing.assert_allclose([score for _, score in hits[0]], [score for _, score in hits[1]], atol=1e-6)
    twin.remove([make.texts[0]])
    twin.add([Document(text="one more")])
    assert (len(twin), len(retriever)) == (5, 5)
    assert make.texts[0] in [document.id for document in retriever.documents]
    assert twin.documents[-2].load_image() is not None


def test_a_copied_encoder_shares_the_weights_and_a_pickled_one_loads_them_again(clip_folder, make):
    encoder = ClipEncoder(clip_folder)
    wanted = encoder.encode_texts(make.texts)
    assert copy.deepcopy(encoder)._loaded is encoder._loaded
    data = pickle.dumps(encoder)
    assert len(data) < 2000
    again = pickle.loads(data)
    assert again._loaded is None
    np.testing.assert_array_equal(again.encode_texts(make.texts), wanted)


def test_an_empty_retriever_is_pickled_without_loading_the_model():
    twin = pickle.loads(pickle.dumps(ClipFaissRetriever.from_pretrained("nowhere")))
    assert len(twin) == 0
    assert repr(twin.encoder) == "ClipEncoder('nowhere', None)"


def test_pickled_weights_are_refused_unread(tmp_path, monkeypatch):
    import torch

    torch.save({"weight": torch.zeros(2)}, tmp_path / "w.pt")
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("torch.load was called"))
    with pytest.raises(ModelError, match=r"'w\.pt', wanted safetensors: pickle is not read"):
        ClipEncoder("ViT-B-32", str(tmp_path / "w.pt")).encode_texts(["a top"])


@pytest.mark.parametrize(("name", "pretrained"), [("ViT-B-32", "laion2b_s34b_b79k"), ("hf-hub:someone/clip", None)])
def test_a_download_without_safetensors_is_refused(tmp_path, monkeypatch, name, pretrained):
    file = tmp_path / "open_clip_pytorch_model.bin"
    file.write_bytes(b"a pickle")
    monkeypatch.setattr("open_clip.pretrained.hf_hub_download", lambda *args, filename, **kwargs: found(file, filename))
    with pytest.raises(ModelError, match="wanted safetensors"):
        _ = ClipEncoder(name, pretrained).dim


def found(file, name):
    if name != file.name:
        raise FileNotFoundError(name)
    return str(file)


def test_an_endless_query_is_refused_at_once(encoder):
    retriever = ClipFaissRetriever(encoder)
    retriever.add([Document(text="a top")])
    assert len(retriever.search("a" * MAX_QUERY_CHARS)) == 1
    start = time.perf_counter()
    with pytest.raises(RetrievalError, match="got a query of 10,000,000 characters, wanted at most 5,000") as caught:
        retriever.search("top " * 2_500_000)
    assert caught.value.code == "bad_query"
    assert time.perf_counter() - start < 0.2


def test_of_an_endless_text_only_the_beginning_is_tokenized(clip_folder, monkeypatch):
    encoder = ClipEncoder(clip_folder)
    tokenizer = encoder._load().tokenizer
    monkeypatch.setattr(tokenizer, "encode", lambda text: pytest.fail("tokenized whole"))
    assert encoder.too_long(["top " * 100_000]) == [True]
    monkeypatch.undo()
    long, cut = encoder.encode_texts(["top " * 100_000, ("top " * 100_000)[: encoder_module.MAX_CHARS]], warn=False)
    np.testing.assert_array_equal(long, cut)
