"""Events are balanced on every path: the new ones, the legacy pair, and the span."""

import asyncio

import pytest
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.schema import QueryBundle
from llama_index.postprocessor.yofo import YofoRerank


class Recorder(BaseEventHandler):
    """Keeps every event."""

    events: list = []  # noqa: RUF012  # a pydantic field, copied for each instance

    @classmethod
    def class_name(cls):
        return "Recorder"

    def handle(self, event, **_):
        self.events.append(event)


@pytest.fixture
def recorded():
    """Events and spans of the root dispatcher during one test."""
    root, recorder, spans = get_dispatcher(), Recorder(), SimpleSpanHandler()
    root.add_event_handler(recorder)
    root.add_span_handler(spans)
    yield recorder.events, spans
    root.event_handlers.remove(recorder)
    root.span_handlers.remove(spans)


def call(reranker, nodes, how, **query):
    if how == "sync":
        return reranker.postprocess_nodes(nodes, **query)
    return asyncio.run(reranker.apostprocess_nodes(nodes, **query))


def rerank_events(events):
    return [event for event in events if isinstance(event, ReRankStartEvent | ReRankEndEvent)]


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_whole_call(nodes, judge, recorded, how):  # L15
    events, spans = recorded
    legacy = LlamaDebugHandler(print_trace_on_end=False)
    reranker = YofoRerank(top_n=4, callback_manager=CallbackManager([legacy]))
    found = call(reranker, nodes, how, query_bundle=QueryBundle("a grey skirt"))
    start, end = rerank_events(events)
    assert (start.top_n, start.model_name, start.query.query_str) == (4, "mini", "a grey skirt")
    assert [one.score for one in start.nodes] == [one.score for one in nodes]  # reranking did not rewrite them
    assert end.nodes == found
    ((first, last),) = legacy.get_event_pairs(CBEventType.RERANKING)
    assert first.payload[EventPayload.QUERY_STR] == "a grey skirt"
    assert last.payload[EventPayload.NODES] == found
    name = "YofoRerank._postprocess_nodes-" if how == "sync" else "YofoRerank._apostprocess_nodes-"
    assert any(span.id_.startswith(name) for span in spans.completed_spans)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_nothing_to_rank(judge, recorded, how):  # L6
    legacy = LlamaDebugHandler(print_trace_on_end=False)
    assert call(YofoRerank(callback_manager=CallbackManager([legacy])), [], how, query_str="skirt") == []
    assert [type(event) for event in rerank_events(recorded[0])] == [ReRankStartEvent, ReRankEndEvent]
    assert len(legacy.get_event_pairs(CBEventType.RERANKING)) == 1


@pytest.mark.parametrize("how", ["sync", "async"])
def test_no_query(nodes, judge, recorded, how):  # L5, L15
    legacy = LlamaDebugHandler(print_trace_on_end=False)
    with pytest.raises(ValueError, match="got no query"):
        call(YofoRerank(callback_manager=CallbackManager([legacy])), nodes, how)
    assert [type(event) for event in rerank_events(recorded[0])] == [ReRankStartEvent, ReRankEndEvent]
    assert len(legacy.get_event_pairs(CBEventType.RERANKING)) == 1


@pytest.mark.parametrize("how", ["sync", "async"])
def test_an_error(nodes, judge, recorded, how):  # L15
    judge.failures = {"p0": "truncated"}
    legacy = LlamaDebugHandler(print_trace_on_end=False)
    reranker = YofoRerank(on_error="raise", callback_manager=CallbackManager([legacy]))
    with pytest.raises(ValueError, match="it went wrong"):
        call(reranker, nodes, how, query_str="skirt")
    assert [type(event) for event in rerank_events(recorded[0])] == [ReRankStartEvent, ReRankEndEvent]
    ((_, last),) = legacy.get_event_pairs(CBEventType.RERANKING)
    assert "it went wrong" in str(last.payload[EventPayload.EXCEPTION])
