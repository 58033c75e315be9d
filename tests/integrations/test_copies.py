"""Every component can be copied and pickled, fresh or after use; a copy works."""

import copy
import pickle

import pytest

from yofo_rerank import Document
from yofo_rerank.retrieval import ClipEncoder
from yofo_rerank.retrieval import ClipFaissRetriever as Core


@pytest.fixture(scope="module")
def index(clip, photos, tmp_path_factory):
    core = Core(ClipEncoder(clip, device="cpu"))
    core.add([Document(image=photos / f"{n}.png", id=f"p{n}") for n in range(3)], progress=False)
    core.save(folder := tmp_path_factory.mktemp("copies") / "photos.index")
    return folder


def haystack_components(model, clip, index):
    pytest.importorskip("haystack")
    from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder, OpenClipTextEmbedder
    from haystack_integrations.components.rankers.yofo import YofoQueryDecomposer, YofoRanker
    from haystack_integrations.components.retrievers.clip_faiss import ClipFaissRetriever

    used = [YofoRanker(model=model), OpenClipTextEmbedder(model=clip), ClipFaissRetriever(index_path=index)]
    for component in used:
        component.warm_up()
    return [*used, YofoQueryDecomposer(), OpenClipDocumentImageEmbedder(model=clip)]


def llama_index_components(model, clip, index):
    pytest.importorskip("llama_index.core")
    from llama_index.embeddings.open_clip import OpenClipEmbedding
    from llama_index.postprocessor.yofo import YofoRerank
    from llama_index.retrievers.clip_faiss import ClipFaissRetriever

    embedding = OpenClipEmbedding(model_name=clip)
    embedding.get_text_embedding("a skirt")
    return [YofoRerank(model=model), ClipFaissRetriever.load(index), embedding]


@pytest.mark.parametrize("make", [haystack_components, llama_index_components])
@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["copy", "pickle"])
def test_all_of_them(make, again, model, clip, index):
    for component in make(model, clip, index):
        assert type(again(component)) is type(component)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["copy", "pickle"])
def test_a_copied_retriever_finds_the_same(again, clip, index):
    pytest.importorskip("haystack")
    from haystack_integrations.components.retrievers.clip_faiss import ClipFaissRetriever

    retriever = ClipFaissRetriever(index_path=index)
    vector = ClipEncoder(clip, device="cpu").encode_texts(["a skirt"])[0].tolist()
    found = retriever.run(query_embedding=vector)["documents"]
    assert [one.score for one in again(retriever).run(query_embedding=vector)["documents"]] == [
        one.score for one in found
    ]
    assert len({one.score for one in found}) == 3


def test_settings_of_the_model_reach_it(model, photos):
    """Both components hand `model_kwargs` and `attention` on, to the model's own from_pretrained and the judge."""
    pytest.importorskip("haystack")
    pytest.importorskip("llama_index.core")
    from haystack_integrations.components.rankers.yofo import YofoRanker
    from llama_index.postprocessor.yofo import YofoRerank

    settings = {"model": model, "model_kwargs": {"attn_implementation": "eager"}, "attention": "joint"}
    ranker, reranker = YofoRanker(**settings), YofoRerank(**settings)
    for judge in (ranker._reranker.judge, reranker._judge()):
        assert judge.info()["attention"] == "joint"
        assert judge._slot_model().network.model.config._attn_implementation == "eager"
    assert YofoRanker.from_dict(ranker.to_dict()).model_kwargs == {"attn_implementation": "eager"}
