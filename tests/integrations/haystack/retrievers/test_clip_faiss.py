"""ClipFaissRetriever over an index folder: same hits as the core, filters, limits (E2, E3)."""

import asyncio

import pytest
from haystack_integrations.components.embedders.open_clip import OpenClipTextEmbedder
from haystack_integrations.components.retrievers.clip_faiss import ClipFaissRetriever

from yofo_rerank import Document
from yofo_rerank.errors import IndexMismatch, RetrievalError
from yofo_rerank.retrieval import ClipFaissRetriever as CoreRetriever

QUERY = "a blue top"


@pytest.fixture(scope="module")
def index(clip, photos, tmp_path_factory):
    """Six pictures without captions and two texts."""
    core = CoreRetriever.from_pretrained(clip)
    pictures = [Document(image=photos / f"{n}.png", id=f"p{n}", metadata={"price": n * 10}) for n in range(6)]
    core.add(
        [*pictures, Document(text="grey skirt", id="t0"), Document(text="red top", id="t1", metadata={"price": 5})]
    )
    core.save(folder := tmp_path_factory.mktemp("index") / "photos.index")
    return folder


@pytest.fixture(scope="module")
def vector(clip):
    return OpenClipTextEmbedder(model=clip).run(text=QUERY)["embedding"]


def test_hits_are_those_of_the_core(index, vector, photos):
    found = ClipFaissRetriever(index_path=index).run(query_embedding=vector)["documents"]
    core = CoreRetriever.load(index).search(QUERY, top_k=10)
    assert [document.id for document in found] == [hit.document.id for hit in core]
    assert [document.score for document in found] == pytest.approx([hit.score for hit in core], abs=1e-5)
    assert len({document.score for document in found}) == 8
    assert all(type(document.score) is float for document in found)
    by_id = {document.id: document for document in found}
    assert by_id["p3"].meta == {"price": 30, "file_path": str(photos / "3.png")}
    assert by_id["p3"].content is None
    assert (by_id["t0"].content, by_id["t0"].meta) == ("grey skirt", {})


@pytest.mark.parametrize(("init", "run", "n"), [(10, None, 8), (2, None, 2), (2, 3, 3), (1, 99, 8)])
def test_top_k_of_run_goes_before_that_of_init(index, vector, init, run, n):
    assert (
        len(ClipFaissRetriever(index_path=index, top_k=init).run(query_embedding=vector, top_k=run)["documents"]) == n
    )


@pytest.mark.parametrize("top_k", [0, -1, True])
def test_bad_top_k_is_refused(index, vector, top_k):
    with pytest.raises(ValueError, match="top_k"):
        ClipFaissRetriever(index_path=index, top_k=top_k)
    with pytest.raises(ValueError, match="top_k"):
        ClipFaissRetriever(index_path=index).run(query_embedding=vector, top_k=top_k)


def test_filters_look_further_until_enough_is_found(index, vector):
    cheap = {"field": "meta.price", "operator": "<", "value": 25}
    retriever = ClipFaissRetriever(index_path=index, top_k=1, filters=cheap)
    everything = ClipFaissRetriever(index_path=index).run(query_embedding=vector)["documents"]
    wanted = [document.id for document in everything if document.meta.get("price", 99) < 25]
    assert len(wanted) == 4
    for top_k in (1, 2, 4, 9):
        found = retriever.run(query_embedding=vector, top_k=top_k)["documents"]
        assert [document.id for document in found] == wanted[:top_k]
    assert len(retriever.run(query_embedding=vector, top_k=9, filters={})["documents"]) == 8
    none = {"field": "meta.price", "operator": ">", "value": 999}
    assert retriever.run(query_embedding=vector, filters=none) == {"documents": []}


def test_clear_errors(index, vector, tmp_path):
    with pytest.raises(IndexMismatch, match="no index in"):
        ClipFaissRetriever(index_path=tmp_path).run(query_embedding=vector)
    with pytest.raises(RetrievalError, match="wanted"):
        ClipFaissRetriever(index_path=index).run(query_embedding=[1.0, 0.0])


def test_run_async_equals_run(index, vector):
    retriever = ClipFaissRetriever(index_path=index)
    asyncio.run(retriever.warm_up_async())
    assert asyncio.run(retriever.run_async(query_embedding=vector)) == retriever.run(query_embedding=vector)


def test_facets_of_the_index(clip, vector, tmp_path, word_judge):
    core = CoreRetriever.from_pretrained(clip)
    documents = [Document(text=text, id=text) for text in ("a pink top", "a blue top", "a pink dress")]
    core.add(documents)
    core.facets.judge(documents, word_judge, ["pink"])
    core.save(tmp_path)
    retriever = ClipFaissRetriever(index_path=tmp_path, where={"pink": False})
    assert [one.id for one in retriever.run(query_embedding=vector)["documents"]] == ["a blue top"]
    found = asyncio.run(retriever.run_async(query_embedding=vector, where="pink"))["documents"]
    assert {one.id for one in found} == {"a pink top", "a pink dress"}
    again = ClipFaissRetriever.from_dict(retriever.to_dict())
    assert again.where == {"pink": False}
    with pytest.raises(RetrievalError, match="known are: 'pink'"):
        retriever.run(query_embedding=vector, where="hooded")
