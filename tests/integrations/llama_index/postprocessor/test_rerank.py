"""The contract of a postprocessor: order, arguments, policies, and that nothing given is changed."""

import json
import math
import random

import pytest
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.postprocessor.yofo import YofoRerank, explain

from yofo_rerank.requirements import Requirement

QUERY = "a blue, hooded top without a chest logo"


def ids(found):
    return [one.node_id for one in found]


def rerank(nodes, query=QUERY, **settings):
    return YofoRerank(**{"top_n": 10} | settings).postprocess_nodes(nodes, query_str=query)


def test_class():  # L1
    assert BaseNodePostprocessor.__name__ in [base.__name__ for base in YofoRerank.__mro__]
    assert YofoRerank.class_name() == "YofoRerank"


def test_scores_follow_the_node_and_not_its_place(nodes, judge):  # S1, S2, S5
    found = rerank(nodes)
    scores = {one.node_id: one.score for one in found}
    assert len(set(scores.values())) == len(nodes)
    assert [one.score for one in found] == sorted(scores.values(), reverse=True)
    assert all(0 <= score <= 1 for score in scores.values())
    for seed in range(3):
        shuffled = random.Random(seed).sample(nodes, len(nodes))
        again = rerank(shuffled)
        assert ids(again) == ids(found)
        assert {one.node_id: one.score for one in again} == scores


def test_ties_keep_their_order(nodes, judge):  # S2
    judge.answers = {one.node_id: 0.5 for one in nodes}
    assert ids(rerank(nodes)) == ids(nodes)


def test_plain_types(nodes, judge):  # S4
    for one in rerank(nodes):
        assert type(one.score) is float
        json.dumps(one.to_dict())
        json.dumps(explain(one).to_dict())


def test_inputs_stay_as_they_are(nodes, judge):  # L8
    before, order = [one.to_dict() for one in nodes], [id(one) for one in nodes]
    found = rerank(nodes)
    found[0].node.metadata["mine"] = 1
    found[0].node.excluded_llm_metadata_keys.append("mine")
    assert [one.to_dict() for one in nodes] == before
    assert [id(one) for one in nodes] == order
    assert not {id(one.node) for one in found} & {id(one.node) for one in nodes}


def test_nothing_to_rank(judge):  # L6
    assert rerank([]) == []
    assert YofoRerank().postprocess_nodes([]) == []
    assert not judge.asked


@pytest.mark.parametrize(("top_n", "places"), [(1, 1), (6, 6), (99, 6)])
def test_top_n(nodes, judge, top_n, places):  # L7
    assert ids(rerank(nodes, top_n=top_n)) == ids(rerank(nodes))[:places]


@pytest.mark.parametrize("top_n", [0, -1])
def test_bad_top_n(top_n):  # L7, L4
    with pytest.raises(ValueError, match="greater than 0"):
        YofoRerank(top_n=top_n)
    reranker = YofoRerank(top_n=3)
    with pytest.raises(ValueError, match="greater than 0"):
        reranker.top_n = top_n
    assert reranker.top_n == 3


def test_copies_are_independent(nodes, judge):  # L4
    reranker = YofoRerank(top_n=2)
    other = reranker.model_copy(update={"top_n": 4})
    assert len(reranker.postprocess_nodes(nodes, query_str=QUERY)) == 2
    assert len(other.postprocess_nodes(nodes, query_str=QUERY)) == 4
    moved = reranker.model_copy(update={"model": "elsewhere"})
    assert moved._judge()._source.name == "elsewhere"
    assert reranker._judge()._source.name == "mini"
    reranker.device = "cpu"
    assert reranker._judge()._source.device == "cpu"


def test_ways_to_ask(nodes, judge):  # L5
    reranker = YofoRerank(top_n=10)
    found = ids(reranker.postprocess_nodes(nodes, query_str=QUERY))
    assert ids(reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(QUERY))) == found
    with pytest.raises(ValueError, match="both"):
        reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(QUERY), query_str=QUERY)
    with pytest.raises(ValueError, match="got no query"):
        reranker.postprocess_nodes(nodes)
    with pytest.raises(ValueError, match="blank"):
        reranker.postprocess_nodes(nodes, query_str=" ")


def test_fixed_requirements(nodes, judge):  # L5, L20
    wanted = ["blue", {"text": "hooded", "necessity": "should"}]
    reranker = YofoRerank(top_n=10, requirements=wanted)
    found = reranker.postprocess_nodes(nodes)
    assert judge.asked == [["blue", "hooded"]]
    assert explain(found[0]).judgements[1].requirement.necessity == "should"
    by_image = QueryBundle("", image_path="query.png")
    assert ids(reranker.postprocess_nodes(nodes, query_bundle=by_image)) == ids(found)
    assert YofoRerank(requirements=[Requirement(text="blue")]).requirements[0]["text"] == "blue"


def test_query_by_image_is_refused(nodes, judge):  # L20
    with pytest.raises(ValueError, match="by image"):
        YofoRerank().postprocess_nodes(nodes, query_bundle=QueryBundle("", image_path="query.png"))


def test_same_node_twice(nodes, judge):  # L9: kept, as other postprocessors do
    again = NodeWithScore(node=TextNode(id_="p0", text="another node with this id"), score=0.1)
    found = rerank([nodes[0], nodes[1], nodes[0], again])
    assert sorted(ids(found)) == ["p0", "p0", "p0", "p1"]


def test_retrieval_score(nodes, judge):  # L14
    kept = {one.node_id: explain(one).retrieval_score for one in rerank(nodes)}
    assert kept == {one.node_id: pytest.approx(one.score) for one in nodes}
    nodes[0].score, nodes[1].score = None, math.nan
    odd = {one.node_id: explain(one).retrieval_score for one in rerank(nodes)}
    assert odd["p0"] is None
    assert odd["p1"] is None
    dropped = rerank(nodes, keep_retrieval_score=False)
    assert all("yofo_retrieval_score" not in one.node.metadata for one in dropped)


def test_threshold(nodes, judge):
    all_scores = [one.score for one in rerank(nodes)]
    found = rerank(nodes, score_threshold=all_scores[2])
    assert [one.score for one in found] == all_scores[:3]
    assert rerank(nodes, score_threshold=0.0, top_n=10) == rerank(nodes)


def test_failures(nodes, judge, caplog):  # S19
    judge.failures = {"p1": "truncated"}
    whole = rerank(nodes)
    assert whole[-1].node_id == "p1"
    assert whole[-1].score == 0.0
    assert explain(whole[-1]).failure.code == "truncated"
    assert "1 of 6 documents could not be judged and were placed last: truncated (1)" in caplog.text
    dropped = rerank(nodes, on_error="drop")
    assert ids(dropped) == ids(whole)[:-1]
    assert "1 of 6 documents could not be judged and were dropped" in caplog.text
    with pytest.raises(ValueError, match=r"p1.*it went wrong"):
        rerank(nodes, on_error="raise")


def test_rule(nodes, judge):
    lowest = rerank(nodes, requirements=["blue", "hooded"], scoring="min")
    for one in lowest:
        assert one.score == min(judge.answer(one.node_id, text) for text in ("blue", "hooded"))
    formula = {"kind": "expression", "expression": "not r1"}
    turned = rerank(nodes, requirements=["blue"], scoring=formula)
    assert ids(turned) == ids(rerank(nodes, requirements=["blue"]))[::-1]
    with pytest.raises(ValueError, match="r9"):
        rerank(nodes, requirements=["blue"], scoring={"kind": "expression", "expression": "r9"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scoring": "best"}, "known kinds are weighted"),
        ({"decomposer": "magic"}, "known ones are rules"),
        ({"requirements": []}, "non-empty list"),
        ({"requirements": "blue"}, "list"),
        ({"on_error": "ignore"}, "'raise', 'last' or 'drop'"),
        ({"max_batch_tokens": 0}, "greater than 0"),
        ({"decompose_prompt": "no place for it"}, "{query}"),
        ({"topn": 3}, "Extra inputs"),
        ({"trust_remote_code": True}, "Extra inputs"),  # S17: weights never bring code
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        YofoRerank(**settings)


def test_many_requirements(nodes, judge):  # S9
    assert len(explain(rerank(nodes, requirements=[f"fact {n}" for n in range(64)])[0]).judgements) == 64
    assert len(explain(rerank(nodes, requirements=["blue", "blue"])[0]).judgements) == 2
    assert len(explain(rerank(nodes, query="x" * 5000)[0]).judgements) == 1
    assert judge.asked[-1][0].startswith("xx")
