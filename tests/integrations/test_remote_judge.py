"""Both components ask a server where one is named, and survive being saved."""

import pytest
from haystack import Document as HaystackDocument
from haystack_integrations.components.rankers.yofo import YofoRanker
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.yofo import YofoRerank

from tests.judges.conftest import nouls, send, server  # noqa: F401 - a fixture
from yofo_rerank.errors import ConfigError


def act(handler, body):
    if body["state"] == "broken":
        return send(handler, 400, b"no")
    return nouls([0.9 if body["state"] == "grey skirt" else 0.2])(handler, body)


def test_haystack(server):  # noqa: F811
    server.acts = [act]
    ranker = YofoRanker.from_dict(YofoRanker(judge_url=server.url, model="m").to_dict())
    documents = [HaystackDocument(content=text) for text in ("broken", "red top", "grey skirt")]
    found = ranker.run(query="grey", documents=documents)["documents"]
    assert [one.content for one in found] == ["grey skirt", "red top", "broken"]
    assert found[0].meta["yofo"]["judgements"][0]["p_yes"] == 0.9
    assert found[2].meta["yofo"]["failure"]["code"] == "remote_refused"
    assert server.bodies[0]["model"] == "m"
    with pytest.raises(ConfigError, match="adapter"):
        YofoRanker(judge_url=server.url, adapter="x")


def test_llama_index(server):  # noqa: F811
    server.acts = [act]
    reranker = YofoRerank.from_dict(YofoRerank(judge_url=server.url).to_dict())
    nodes = [NodeWithScore(node=TextNode(text=text), score=0.5) for text in ("red top", "grey skirt")]
    found = reranker.postprocess_nodes(nodes, query_str="grey")
    assert [one.node.text for one in found] == ["grey skirt", "red top"]
    assert "model" not in server.bodies[0]
    with pytest.raises(ValueError, match="vllm"):
        YofoRerank(judge_url=server.url, judge_dialect="latin")
