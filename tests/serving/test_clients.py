"""Other people's clients, as they are, pointed at the service."""

import pytest

DOCUMENTS = ["a long green dress", "a pink skirt", "a grey top"]
QUERY = "a skirt, pink"


@pytest.fixture(scope="module")
def expected(mini_service):
    from yofo_rerank import YofoReranker

    ranking = YofoReranker(mini_service[1]).rerank(QUERY, DOCUMENTS)
    assert ranking[0].index == 1
    return [(one.index, pytest.approx(one.score, abs=1e-5)) for one in ranking]


@pytest.mark.parametrize("version", ["Client", "ClientV2"])
def test_cohere(mini_service, expected, version):
    import cohere

    client = getattr(cohere, version)(api_key="anything", base_url=mini_service[0])
    found = client.rerank(model="rerank-v3.5", query=QUERY, documents=DOCUMENTS)
    assert [(one.index, one.relevance_score) for one in found.results] == expected


def test_llama_index(mini_service, expected):
    from llama_index.core.schema import NodeWithScore, TextNode
    from llama_index.postprocessor.cohere_rerank import CohereRerank

    nodes = [NodeWithScore(node=TextNode(text=text), score=0.5) for text in DOCUMENTS]
    reranker = CohereRerank(api_key="anything", base_url=mini_service[0], model="rerank-v3.5", top_n=3)
    found = reranker.postprocess_nodes(nodes, query_str=QUERY)
    assert [(DOCUMENTS.index(one.node.text), one.score) for one in found] == expected


def test_haystack_cohere(mini_service, expected):
    from haystack import Document
    from haystack.utils import Secret
    from haystack_integrations.components.rankers.cohere import CohereRanker

    ranker = CohereRanker(model="rerank-v3.5", api_key=Secret.from_token("anything"), api_base_url=mini_service[0])
    found = ranker.run(query=QUERY, documents=[Document(content=text) for text in DOCUMENTS])["documents"]
    assert [(DOCUMENTS.index(one.content), one.score) for one in found] == expected


def test_haystack_jina(mini_service, expected):
    from haystack import Document
    from haystack.utils import Secret
    from haystack_integrations.components.rankers.jina import JinaRanker

    ranker = JinaRanker(model="mini", api_key=Secret.from_token("x"), base_url=f"{mini_service[0]}/v1/rerank")
    found = ranker.run(query=QUERY, documents=[Document(content=text) for text in DOCUMENTS])["documents"]
    assert [(DOCUMENTS.index(one.content), one.score) for one in found] == expected
