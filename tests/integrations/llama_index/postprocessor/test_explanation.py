"""Reasons on nodes: plain, flat, and out of sight of chat models and embedders."""

import json

import pytest
from llama_index.core.postprocessor import LongContextReorder, SimilarityPostprocessor
from llama_index.core.schema import MetadataMode, TextNode
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from llama_index.postprocessor.yofo import YofoRerank, explain

QUERY = "a blue, hooded top"


@pytest.fixture
def found(nodes, judge):
    judge.failures = {"p2": "missing"}
    return YofoRerank(top_n=10).postprocess_nodes(nodes, query_str=QUERY)


def test_flat_plain_and_hidden(nodes, found):  # L12
    given = {one.node_id: one.node for one in nodes}
    for one in found:
        assert all(type(value) in (str, int, float) for value in one.node.metadata.values())
        json.dumps(one.node.metadata)
        for mode in (MetadataMode.LLM, MetadataMode.EMBED):
            assert one.node.get_content(mode) == given[one.node_id].get_content(mode)
            assert one.node.get_metadata_str(mode) == given[one.node_id].get_metadata_str(mode)
        assert type(one.node) is type(given[one.node_id])
    assert "price: 0" in next(one for one in found if one.node_id == "p0").node.get_content(MetadataMode.LLM)


def test_flat_stores(found):  # L13
    for one in found:
        stored = node_to_metadata_dict(one.node, remove_text=False, flat_metadata=True)
        assert explain(metadata_dict_to_node(stored)) == explain(one)


def test_explain(found, judge):
    first = explain(found[0])
    assert first == explain(found[0].node)
    assert first.score == found[0].score
    assert [one.requirement.text for one in first.judgements] == judge.asked[0] == ["top", "blue", "hooded"]
    assert [one.p_yes for one in first.judgements] == [judge.answer(found[0].node_id, text) for text in judge.asked[0]]
    assert {explain(one).index for one in found} == set(range(6))
    failed = explain(found[-1])
    assert (failed.failure.code, failed.judgements, failed.score) == ("missing", (), 0.0)
    with pytest.raises(ValueError, match="'plain' carries no explanation"):
        explain(TextNode(id_="plain", text="grey"))


def test_ranked_again(found, judge):
    again = YofoRerank(top_n=10, requirements=["grey"]).postprocess_nodes(found)
    assert [len(explain(one).judgements) for one in again] == [1, 1, 1, 1, 1, 0]
    judge.failures = {}
    well = YofoRerank(top_n=10, requirements=["grey"]).postprocess_nodes(again)
    assert all(explain(one).failure is None for one in well)  # nothing is left over from the pass before
    keys = well[0].node.excluded_llm_metadata_keys
    assert len(keys) == len(set(keys))
    before = {one.node_id: one.score for one in again}
    assert all(explain(one).retrieval_score == before[one.node_id] for one in well)


def test_chained(nodes, judge):  # L19
    reranker = YofoRerank(top_n=10)
    found = SimilarityPostprocessor(similarity_cutoff=0.45).postprocess_nodes(nodes)
    assert len(found) == 4
    ranked = reranker.postprocess_nodes(found, query_str=QUERY)
    cutoff = ranked[1].score
    assert len(SimilarityPostprocessor(similarity_cutoff=cutoff).postprocess_nodes(ranked)) == 2
    assert sorted(one.node_id for one in LongContextReorder().postprocess_nodes(ranked)) == ["p0", "p1", "p2", "p3"]
