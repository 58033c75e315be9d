"""Evidence through both frameworks: opt-in, JSON-able, and that of the judge itself."""

import json

import pytest

from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini import sample_catalog


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number, (document, _) in enumerate(sample_catalog(3, seed=3)):
        document.load_image().save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def test_llama_index(pictures):
    pytest.importorskip("llama_index.core")
    from llama_index.core.schema import ImageNode, NodeWithScore
    from llama_index.postprocessor.yofo import YofoRerank, explain

    nodes = [NodeWithScore(node=ImageNode(image_path=str(path), id_=path.name)) for path in pictures]
    plain = YofoRerank(model="mini", top_n=2).postprocess_nodes(nodes, query_str="a long dress")
    assert explain(plain[0]).evidence == ()
    with pytest.raises(ValueError, match="evidence=True"):
        explain(plain[0], evidence=True)
    found = YofoRerank(model="mini", top_n=2, evidence=True).postprocess_nodes(nodes, query_str="a long dress")
    assert len(found) == 2
    for node in found:
        explained = explain(node, evidence=True)
        path = next(path for path in pictures if path.name == node.node_id)
        wanted = [one.requirement for one in explained.judgements]
        direct = YofoJudge.from_pretrained("mini").evidence(Document(image=path), wanted)
        assert [one.box for one in explained.evidence] == [one.box for one in direct]
        assert explained.evidence[0].box is not None and explained.evidence[0].heat


def test_haystack(pictures):
    pytest.importorskip("haystack")
    from haystack import Document as HaystackDocument
    from haystack_integrations.components.rankers.yofo import YofoRanker

    documents = [HaystackDocument(id=path.name, meta={"file_path": str(path)}) for path in pictures]
    ranker = YofoRanker(model="mini", top_k=2, evidence=True)
    assert YofoRanker.from_dict(ranker.to_dict()).evidence is True
    for document in ranker.run(query="a long dress", documents=documents)["documents"]:
        reasons = json.loads(json.dumps(document.meta["yofo"]))
        assert len(reasons["evidence"]) == len(reasons["judgements"])
        assert all(len(one["box"]) == 4 and "heat" not in one for one in reasons["evidence"])
    plain = YofoRanker(model="mini").run(query="a long dress", documents=documents)["documents"]
    assert "evidence" not in plain[0].meta["yofo"]


def test_a_judge_without_evidence_is_a_clear_error(pictures):
    from yofo_rerank import YofoReranker
    from yofo_rerank.errors import ConfigError
    from yofo_rerank.requirements import JudgedDocument, Judgement

    class Sure:
        def judge_outcomes(self, documents, requirements):
            said = tuple(Judgement(requirement=one, p_yes=1.0, verdict=True) for one in requirements)
            return [JudgedDocument(said) for _ in documents]

        def info(self):
            return {}

    with pytest.raises(ConfigError, match="Sure shows no evidence"):
        YofoReranker(Sure()).rerank("a dress", ["a dress"], evidence=True)
