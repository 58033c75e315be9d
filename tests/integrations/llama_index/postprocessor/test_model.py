"""With a real, tiny model: the same numbers as the core, from any thread, loaded once."""

import gc
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from llama_index.core.schema import ImageNode, NodeWithScore
from llama_index.postprocessor.yofo import YofoRerank, explain

from yofo_rerank import Document, YofoJudge, YofoReranker
from yofo_rerank.models import loading

QUERY = "a blue, hooded top without a chest logo"


@pytest.fixture
def reranker(model):
    return YofoRerank(model=model, top_n=10, device="cpu")


def scores(found):
    return {one.node_id: one.score for one in found}


def test_same_as_the_core(nodes, model, reranker):
    documents = [
        Document(image=getattr(one.node, "image_path", None), text=one.node.text, id=one.node_id) for one in nodes
    ]
    ranking = YofoReranker(YofoJudge.from_pretrained(model, device="cpu")).rerank(QUERY, documents)
    found = reranker.postprocess_nodes(nodes, query_str=QUERY)
    assert [one.node_id for one in found] == [one.document.id for one in ranking]
    assert [one.score for one in found] == pytest.approx([one.score for one in ranking], abs=1e-5)
    assert len({round(one.score, 6) for one in found}) == len(nodes)  # S10: they differ
    for one, place in zip(found, ranking, strict=True):
        mine, core = explain(one).judgements, place.judgements
        assert [judged.p_yes for judged in mine] == pytest.approx([judged.p_yes for judged in core], abs=1e-5)


def test_order_and_batches_do_not_matter(nodes, model, reranker):  # S1, S6
    expected = scores(reranker.postprocess_nodes(nodes, query_str=QUERY))
    for seed, tokens in enumerate((1, 300, 8192)):
        other = YofoRerank(model=model, top_n=10, device="cpu", max_batch_tokens=tokens, cache_bytes=0)
        shuffled = random.Random(seed).sample(nodes, len(nodes))
        assert scores(other.postprocess_nodes(shuffled, query_str=QUERY)) == pytest.approx(expected, abs=1e-5)


def test_eight_threads(nodes, reranker):  # S12
    queries = [f"a {colour} top" for colour in ("blue", "red", "grey", "green")] * 4
    serial = [scores(reranker.postprocess_nodes(nodes, query_str=query)) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: scores(reranker.postprocess_nodes(nodes, query_str=query)), queries))
    for one, other in zip(serial, together, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert serial[0] != serial[1]


def test_loaded_once(nodes, model, monkeypatch):  # S13
    gc.collect()
    calls = []
    load = loading.load_model

    def counted(*arguments, **settings):
        calls.append(arguments)
        return load(*arguments, **settings)

    monkeypatch.setattr(loading, "load_model", counted)
    rerankers = [YofoRerank(model=model, device="cpu", cache_bytes=12345, top_n=n + 1) for n in range(3)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: rerankers[n % 3].postprocess_nodes(nodes, query_str=QUERY), range(8)))
    assert len(calls) == 1


def test_bfloat16(nodes, model):  # S7
    found = YofoRerank(model=model, top_n=10, device="cpu", dtype="bfloat16").postprocess_nodes(nodes, query_str=QUERY)
    assert len(scores(found)) == len(set(scores(found).values())) == len(nodes)
    assert all(type(one.score) is float for one in found)


def test_broken_image_among_others(nodes, reranker, tmp_path):  # S19
    expected = scores(reranker.postprocess_nodes(nodes, query_str=QUERY))
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    broken = [
        NodeWithScore(node=ImageNode(id_="half", image_path=str(tmp_path / "half.png"))),
        NodeWithScore(node=ImageNode(id_="gone", image_path=str(tmp_path / "gone.png"), text="a caption")),
    ]
    found = reranker.postprocess_nodes([broken[0], *nodes, broken[1]], query_str=QUERY)
    assert [one.node_id for one in found][-2:] == ["half", "gone"]
    assert [explain(one).failure.code for one in found[-2:]] == ["truncated", "missing"]
    assert scores(found[:-2]) == pytest.approx(expected, abs=1e-5)


def test_long_text_fails_alone(nodes, reranker):  # S8: never cut in silence, slots stay whole
    long = NodeWithScore(node=ImageNode(id_="long", text="blue " * 40_000))
    found = reranker.postprocess_nodes([long, *nodes], query_str=QUERY)
    assert found[-1].node_id == "long"
    assert explain(found[-1]).failure.code == "too_long"
    assert all(len(explain(one).judgements) == 4 for one in found[:-1])
