"""Inside LlamaIndex: engines, chat, tools, fusion, evaluators."""

import asyncio
import json
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ImageBlock
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine
from llama_index.core.evaluation import RetrieverEvaluator
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.retrievers import BaseRetriever, QueryFusionRetriever
from llama_index.core.schema import ImageNode, NodeWithScore
from llama_index.core.tools import RetrieverTool, ToolMetadata
from llama_index.postprocessor.yofo import YofoRerank, explain

QUERY = "a blue, hooded top"


class Given(BaseRetriever):
    """Returns the nodes it was given."""

    def __init__(self, nodes):
        super().__init__()
        self.given = nodes

    def _retrieve(self, query_bundle):
        return list(self.given)


@pytest.fixture
def reranker():
    return YofoRerank(top_n=3)


@pytest.fixture
def wanted(nodes, judge, reranker):
    found = [one.node_id for one in reranker.postprocess_nodes(nodes, query_str=QUERY)]
    assert found != [one.node_id for one in nodes][:3]
    return found


def ids(found):
    return [one.node_id for one in found]


def test_query_engines(nodes, wanted, reranker):  # L17
    llm = MockLLM()
    engine = RetrieverQueryEngine.from_args(Given(nodes), llm, node_postprocessors=[reranker])
    assert ids(engine.query(QUERY).source_nodes) == wanted
    assert ids(asyncio.run(engine.aquery(QUERY)).source_nodes) == wanted


def test_citations(nodes, judge, reranker):  # L17: it splits nodes and hands on new ones
    texts = [NodeWithScore(node=one.node.model_copy(update={"text": f"text {one.node_id}"})) for one in nodes]
    ranked = [one.text for one in reranker.postprocess_nodes(texts, query_str=QUERY)]
    engine = CitationQueryEngine(Given(texts), llm=MockLLM(), node_postprocessors=[reranker])
    found = engine.query(QUERY).source_nodes
    assert [one.text.split("\n")[-2 if one.text.endswith("\n") else -1] for one in found] == ranked


@pytest.mark.parametrize("engine", [ContextChatEngine, CondensePlusContextChatEngine])
def test_chat(nodes, wanted, reranker, engine):  # L17
    chat = engine.from_defaults(Given(nodes), llm=MockLLM(), node_postprocessors=[reranker])
    assert ids(chat.chat(QUERY).source_nodes) == wanted


def test_tool_and_fusion(nodes, wanted, reranker):  # L17
    tool = RetrieverTool(
        Given(nodes), ToolMetadata(name="shop", description="finds garments"), node_postprocessors=[reranker]
    )
    assert ids(tool.call(QUERY).raw_output) == wanted
    fused = QueryFusionRetriever(
        [Given(nodes), Given(nodes[::-1])], llm=MockLLM(), num_queries=1, similarity_top_k=6, use_async=False
    )
    assert ids(reranker.postprocess_nodes(fused.retrieve(QUERY), query_str=QUERY)) == wanted


class Listening(MockLLM):
    """Keeps every message."""

    heard: list = []  # noqa: RUF012  # a pydantic field, copied for each instance

    def chat(self, messages, **settings):
        self.heard.extend(messages)
        return ChatResponse(message=ChatMessage(role="assistant", content="nice"))


def test_images_reach_the_chat_model_in_order(nodes, judge):  # L18
    missing = NodeWithScore(node=ImageNode(id_="gone", image_path="/nowhere/gone.png"), score=1.0)
    judge.failures = {"gone": "missing"}
    pictures = [missing, *nodes[:4]]
    llm = Listening(is_chat_model=True)
    reranker = YofoRerank(top_n=5, on_error="drop")
    engine = RetrieverQueryEngine.from_args(Given(pictures), llm, multimodal=True, node_postprocessors=[reranker])
    found = engine.query(QUERY).source_nodes
    blocks = [block for message in llm.heard for block in message.blocks]
    shown = [block.resolve_image().read() for block in blocks if isinstance(block, ImageBlock)]
    assert shown == [Path(one.node.image_path).read_bytes() for one in found]
    assert len(shown) == 4
    assert not any("yofo" in block.text for block in blocks if hasattr(block, "text"))


def test_metrics_are_ours(nodes, judge):  # E5
    """MRR and nDCG of LlamaIndex's evaluator are those of ir_measures over the same order."""
    ir_measures = pytest.importorskip("ir_measures")
    relevant = ["p1", "p4"]
    reranker = YofoRerank(top_n=6)
    evaluator = RetrieverEvaluator.from_metric_names(
        ["mrr", "ndcg"], retriever=Given(nodes), node_postprocessors=[reranker]
    )
    theirs = asyncio.run(evaluator.aevaluate(QUERY, expected_ids=relevant)).metric_vals_dict
    found = reranker.postprocess_nodes(nodes, query_str=QUERY)
    qrels = [ir_measures.Qrel("q", id_, 1) for id_ in relevant]
    run = [ir_measures.ScoredDoc("q", one.node_id, one.score) for one in found]
    ours = ir_measures.calc_aggregate([ir_measures.RR, ir_measures.nDCG], qrels, run)
    assert theirs["mrr"] == pytest.approx(ours[ir_measures.RR])
    assert theirs["ndcg"] == pytest.approx(ours[ir_measures.nDCG])


def test_responses_are_json(nodes, wanted, reranker):
    engine = RetrieverQueryEngine.from_args(Given(nodes), MockLLM(), node_postprocessors=[reranker])
    response = engine.query(QUERY)
    json.dumps(response.metadata)
    assert explain(response.source_nodes[0]).judgements
