"""YofoRanker among Haystack's own components: sync, async, joined, chained, traced (H9, H14-H18)."""

import asyncio
import contextlib
import importlib.metadata
import json
import warnings

import pytest
from haystack import Document, Pipeline, component, tracing
from haystack.components.builders import AnswerBuilder, PromptBuilder
from haystack.components.converters.image import ImageFileToDocument
from haystack.components.joiners import DocumentJoiner
from haystack.components.rankers import LostInTheMiddleRanker, MetaFieldRanker
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.core.errors import BreakpointException
from haystack.core.pipeline.breakpoint import load_pipeline_snapshot
from haystack.dataclasses import ByteStream
from haystack.dataclasses.breakpoints import Breakpoint
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder, OpenClipTextEmbedder
from haystack_integrations.components.rankers.yofo import YofoQueryDecomposer, YofoRanker

QUERY = "a long dress, not pink"
IS_3 = int(importlib.metadata.version("haystack-ai").split(".")[0]) >= 3


@component
class Give:
    """Documents from nowhere."""

    def __init__(self, documents):
        self.documents = documents

    @component.output_types(documents=list[Document])
    def run(self) -> dict[str, list[Document]]:
        return {"documents": self.documents}


def build(**components):
    """A pipeline of named components."""
    pipeline = Pipeline()
    for name, one in components.items():
        pipeline.add_component(name, one)
    return pipeline


def shop(documents, kind=Pipeline):
    """Candidates and requirements into a ranker."""
    pipeline = kind()
    pipeline.add_component("give", Give(documents))
    pipeline.add_component("decomposer", YofoQueryDecomposer())
    pipeline.add_component("ranker", YofoRanker())
    pipeline.connect("give.documents", "ranker.documents")
    pipeline.connect("decomposer.requirements", "ranker.requirements")
    pipeline.connect("decomposer.scoring", "ranker.scoring")
    return pipeline


INPUTS = {"decomposer": {"query": QUERY}, "ranker": {"query": QUERY}}


def ids(result):
    return [document.id for document in result["ranker"]["documents"]]


def test_requirements_of_the_decomposer_reach_the_ranker(judge, documents):
    result = shop(documents).run({"decomposer": {"query": "a hooded top"}, "ranker": {"query": QUERY}})
    assert judge.calls[0][1] == ["top", "hooded"]
    assert len(ids(result)) == 6


def test_every_way_to_run_a_pipeline_agrees(judge, documents):
    expected = ids(shop(documents).run(INPUTS))

    async def once():
        if IS_3:
            return await shop(documents).run_async(INPUTS)
        from haystack import AsyncPipeline

        return await shop(documents, AsyncPipeline).run_async(INPUTS)

    async def six():
        pipeline = shop(documents) if IS_3 else None
        return await asyncio.gather(*(pipeline.run_async(INPUTS) for _ in range(6)))

    assert ids(asyncio.run(once())) == expected
    if IS_3:
        assert [ids(result) for result in asyncio.run(six())] == [expected] * 6


def test_streaming_steps_of_an_async_run_agree(judge, documents):
    if IS_3:
        pipeline = shop(documents)
    else:
        from haystack import AsyncPipeline

        pipeline = shop(documents, AsyncPipeline)
    if not hasattr(pipeline, "run_async_generator"):
        pytest.skip("this Haystack has no run_async_generator")

    async def last():
        async for partial in pipeline.run_async_generator(INPUTS):
            final = partial
        return final

    assert ids(asyncio.run(last())) == ids(shop(documents).run(INPUTS))


@pytest.mark.skipif(not hasattr(Pipeline, "stream"), reason="this Haystack streams nothing")
def test_the_result_of_a_stream_agrees(judge, documents):
    async def result():
        handle = shop(documents).stream(INPUTS)
        assert [chunk async for chunk in handle] == []
        return handle.result

    assert ids(asyncio.run(result())) == ids(shop(documents).run(INPUTS))


def test_joined_retrievers_give_each_document_once(judge, documents):
    texts = [Document(id=f"d{n}", content=f"long dress {n}", embedding=[1.0, n / 10]) for n in range(3)]
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(texts)
    pipeline = build(
        words=InMemoryBM25Retriever(store),
        vectors=InMemoryEmbeddingRetriever(store),
        joiner=DocumentJoiner(join_mode="concatenate"),
        ranker=YofoRanker(),
    )
    pipeline.connect("words", "joiner.documents")
    pipeline.connect("vectors", "joiner.documents")
    pipeline.connect("joiner.documents", "ranker.documents")
    inputs = {"words": {"query": "dress"}, "vectors": {"query_embedding": [1.0, 0.0]}, "ranker": {"query": QUERY}}
    assert sorted(ids(pipeline.run(inputs))) == ["d0", "d1", "d2"]


def test_many_retrievers_in_one(judge, clip):
    retrievers = pytest.importorskip("haystack.components.retrievers")
    if not hasattr(retrievers, "MultiRetriever"):
        pytest.skip("this Haystack has no MultiRetriever")
    store = InMemoryDocumentStore()
    texts = [Document(id=f"d{n}", content=f"long dress {n}") for n in range(3)]
    store.write_documents(OpenClipDocumentImageEmbedder(model=clip).run(documents=texts)["documents"])
    by_meaning = retrievers.TextEmbeddingRetriever(
        retriever=InMemoryEmbeddingRetriever(store), text_embedder=OpenClipTextEmbedder(model=clip)
    )
    many = retrievers.MultiRetriever(retrievers={"words": InMemoryBM25Retriever(store), "meaning": by_meaning})
    pipeline = build(retriever=many, ranker=YofoRanker())
    pipeline.connect("retriever.documents", "ranker.documents")
    inputs = {"retriever": {"query": "dress"}, "ranker": {"query": QUERY}}
    assert sorted(ids(pipeline.run(inputs))) == ["d0", "d1", "d2"]


def test_two_retrievers_straight_into_the_ranker(judge):
    one = Document(id="a", content="x", score=0.2)
    two = [Document(id="a", content="x", score=0.8), Document(id="b", content="y", score=0.1)]
    pipeline = build(one=Give([one]), two=Give(two), ranker=YofoRanker())
    pipeline.connect("one.documents", "ranker.documents")
    try:
        pipeline.connect("two.documents", "ranker.documents")
    except Exception as error:  # Haystack's own refusal, whatever its class in that version
        pytest.skip(f"this Haystack joins no lists by itself: {type(error).__name__}")
    found = pipeline.run({"ranker": {"query": QUERY}})["ranker"]["documents"]
    assert {document.id: document.meta["yofo"]["retrieval_score"] for document in found} == {"a": 0.8, "b": 0.1}


def test_the_rankers_and_builders_of_haystack_take_what_comes_out(judge, documents, caplog):
    texts = [Document(id=f"d{n}", content=f"long dress {n}", meta={"rating": n}) for n in range(4)]
    pipeline = build(
        ranker=YofoRanker(),
        by_rating=MetaFieldRanker(meta_field="rating", weight=0.5, ranking_mode="linear_score"),
        middle=LostInTheMiddleRanker(),
        prompt=PromptBuilder(template="{% for d in documents %}{{ d.content }};{% endfor %}"),
        answer=AnswerBuilder(),
    )
    pipeline.connect("ranker.documents", "by_rating.documents")
    pipeline.connect("by_rating.documents", "middle.documents")
    pipeline.connect("middle.documents", "prompt.documents")
    pipeline.connect("middle.documents", "answer.documents")
    inputs = {"ranker": {"query": QUERY, "documents": texts}, "answer": {"query": QUERY, "replies": ["this one"]}}
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=UserWarning)
        result = pipeline.run(inputs)
    assert "score" not in caplog.text  # MetaFieldRanker warns of those outside 0..1
    assert "yofo" not in result["prompt"]["prompt"]  # reasons are shown only to those who ask for them
    assert len(result["answer"]["answers"][0].documents) == 4


def test_from_pictures_to_reasons(clip, model, documents):
    """Embedder, store, retriever, decomposer and ranker, all real; only the weights are random."""
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(OpenClipDocumentImageEmbedder(model=clip).run(documents=documents)["documents"])
    pipeline = build(
        embedder=OpenClipTextEmbedder(model=clip),
        retriever=InMemoryEmbeddingRetriever(store, top_k=5),
        decomposer=YofoQueryDecomposer(),
        ranker=YofoRanker(model=model, top_k=3),
    )
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    pipeline.connect("retriever.documents", "ranker.documents")
    pipeline.connect("decomposer.requirements", "ranker.requirements")
    found = pipeline.run({"embedder": {"text": QUERY}, **INPUTS})["ranker"]["documents"]
    assert len({document.score for document in found}) == 3
    assert all(len(document.meta["yofo"]["judgements"]) == 3 for document in found)
    json.dumps([document.meta for document in found])


def test_documents_of_haystacks_own_converter(model, photos):
    """It stores the file's name alone, which `root_path` makes a path again."""
    found = ImageFileToDocument().run(sources=[photos / "0.png", photos / "1.png"])["documents"]
    assert found[0].meta["file_path"] == "0.png"
    ranked = YofoRanker(model=model, root_path=photos).run(query=QUERY, documents=found)["documents"]
    assert all(document.meta["yofo"]["failure"] is None for document in ranked)
    assert ranked[0].score > ranked[1].score


def test_a_ranked_document_can_be_stored(judge, documents, tmp_path):
    store = InMemoryDocumentStore()
    store.write_documents(YofoRanker().run(query=QUERY, documents=documents)["documents"])
    store.save_to_disk(str(tmp_path / "store.json"))
    again = InMemoryDocumentStore.load_from_disk(str(tmp_path / "store.json"))
    assert all(document.meta["yofo"]["judgements"] for document in again.filter_documents())


def test_a_run_goes_on_from_a_snapshot(judge, documents, tmp_path, monkeypatch):
    """The documents that the ranker gave, reasons and all, are written to a file and read again."""
    monkeypatch.setenv("HAYSTACK_PIPELINE_SNAPSHOT_SAVE_ENABLED", "true")

    def pipeline():
        made = build(ranker=YofoRanker(), top=YofoRanker(requirements=["long"], top_k=3))
        made.connect("ranker.documents", "top.documents")
        return made

    inputs = {"ranker": {"query": QUERY, "documents": documents}, "top": {"query": QUERY}}
    expected = pipeline().run(inputs)["top"]["documents"]
    with pytest.raises(BreakpointException):
        pipeline().run(inputs, break_point=Breakpoint("top", snapshot_file_path=str(tmp_path)))
    (file,) = tmp_path.iterdir()
    snapshot = load_pipeline_snapshot(file)
    assert pipeline().run({}, pipeline_snapshot=snapshot)["top"]["documents"] == expected


class Spans(tracing.Tracer):
    """Keeps the tags of every span."""

    def __init__(self):
        self.tags = []

    @contextlib.contextmanager
    def trace(self, operation_name, tags=None, parent_span=None):
        span = Span(dict(tags or {}))
        self.tags.append(span.tags)
        yield span

    def current_span(self):
        return None


class Span(tracing.Span):
    def __init__(self, tags):
        self.tags = tags

    def set_tag(self, key, value):
        self.tags[key] = value


@pytest.mark.parametrize("with_content", [False, True])
def test_traces_hold_no_pictures_and_content_only_when_asked(judge, photos, with_content, monkeypatch):
    picture = Document(id="b", blob=ByteStream((photos / "0.png").read_bytes(), mime_type="image/png"))
    tracer = Spans()
    monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", with_content)
    tracing.enable_tracing(tracer)
    try:
        shop([picture]).run(INPUTS)
    finally:
        tracing.disable_tracing()
    spans = [tags for tags in tracer.tags if tags.get("haystack.component.name") == "ranker"]
    assert len(spans) == 1
    assert spans[0]["haystack.component.type"] == "YofoRanker"
    assert ("haystack.component.output" in spans[0]) == with_content
    if IS_3:
        assert "PNG" not in str(spans)
