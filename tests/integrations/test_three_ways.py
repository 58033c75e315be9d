"""One query through the core, LlamaIndex and Haystack: the same scores, the same order, the same MRR and nDCG."""

import asyncio
import inspect
import os
from statistics import mean

import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read when Haystack is imported
pytest.importorskip("llama_index.core")
pytest.importorskip("haystack")

from haystack import Document as HaystackDocument
from haystack.components.evaluators import DocumentMRREvaluator, DocumentNDCGEvaluator
from haystack_integrations.components.rankers.yofo import YofoRanker
from llama_index.core.evaluation import RetrieverEvaluator
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import ImageNode, NodeWithScore, TextNode
from llama_index.postprocessor.yofo import YofoRerank, explain

from evals.ranking import measure
from yofo_rerank import Document, YofoJudge, YofoReranker

QUERIES = {
    "a blue or green dress, not hooded, preferably with pockets": {"2.png"},
    "long trousers without a belt": {"0.png", "4.png"},
    "something for winter that is not pink": {"words"},
}
WORDS = "black trousers for winter"


@pytest.fixture(scope="module")
def pictures(photos):
    return sorted(photos.iterdir())


class Given(BaseRetriever):
    """Hands on what it was made with."""

    def __init__(self, nodes):
        super().__init__()
        self.nodes = nodes

    def _retrieve(self, query_bundle):
        return list(self.nodes)


def through_core(model, pictures, query):
    documents = [*(Document(image=path, id=path.name) for path in pictures), Document(text=WORDS, id="words")]
    ranking = YofoReranker(YofoJudge.from_pretrained(model, device="cpu")).rerank(query, documents)
    return [(one.document.id, one.score, [judged.p_yes for judged in one.judgements]) for one in ranking]


def nodes_of(pictures):
    shown = [NodeWithScore(node=ImageNode(id_=path.name, image_path=str(path)), score=0.5) for path in pictures]
    return [*shown, NodeWithScore(node=TextNode(id_="words", text=WORDS), score=0.5)]


def through_llama_index(model, pictures, query):
    found = YofoRerank(model=model, device="cpu", top_n=10).postprocess_nodes(nodes_of(pictures), query_str=query)
    return [(one.node_id, one.score, [judged.p_yes for judged in explain(one).judgements]) for one in found]


def haystack_documents(pictures):
    shown = [HaystackDocument(id=path.name, meta={"file_path": str(path)}, score=0.5) for path in pictures]
    return [*shown, HaystackDocument(id="words", content=WORDS, score=0.5)]


def through_haystack(model, pictures, query):
    found = YofoRanker(model=model).run(query=query, documents=haystack_documents(pictures))["documents"]
    return [(one.id, one.score, [judged["p_yes"] for judged in one.meta["yofo"]["judgements"]]) for one in found]


@pytest.mark.parametrize("query", QUERIES)
def test_same_scores_and_order(model, pictures, query):
    core = through_core(model, pictures, query)
    assert len(core) == 7
    assert len({round(score, 5) for _, score, _ in core}) > 4  # or every order would do
    for other in (through_llama_index(model, pictures, query), through_haystack(model, pictures, query)):
        assert [id_ for id_, _, _ in other] == [id_ for id_, _, _ in core]
        assert [score for _, score, _ in other] == pytest.approx([score for _, score, _ in core], abs=1e-5)
        assert [p for _, _, p in other] == [pytest.approx(p, abs=1e-5) for _, _, p in core]


@pytest.mark.skipif(
    "document_comparison_field" not in inspect.signature(DocumentMRREvaluator.__init__).parameters,
    reason="this Haystack compares contents alone, and pictures have none",
)
def test_same_mrr_and_ndcg(model, pictures):
    pytest.importorskip("ir_measures")
    own = measure(
        {query: [id_ for id_, _, _ in through_core(model, pictures, query)] for query in QUERIES},
        {query: dict.fromkeys(wanted, 1) for query, wanted in QUERIES.items()},
    )
    evaluator = RetrieverEvaluator.from_metric_names(
        ["mrr", "ndcg"],
        retriever=Given(nodes_of(pictures)),
        node_postprocessors=[YofoRerank(model=model, device="cpu", top_n=10)],
    )
    for place, (query, wanted) in enumerate(QUERIES.items()):
        theirs = asyncio.run(evaluator.aevaluate(query, expected_ids=sorted(wanted))).metric_vals_dict
        assert theirs == pytest.approx({"mrr": own["MRR"][place], "ndcg": own["nDCG@10"][place]})
    ranker = YofoRanker(model=model)
    given = {
        "ground_truth_documents": [[HaystackDocument(id=id_) for id_ in wanted] for wanted in QUERIES.values()],
        "retrieved_documents": [
            ranker.run(query=query, documents=haystack_documents(pictures))["documents"] for query in QUERIES
        ],
    }
    for kind, name in ((DocumentMRREvaluator, "MRR"), (DocumentNDCGEvaluator, "nDCG@10")):
        assert kind(document_comparison_field="id").run(**given)["individual_scores"] == pytest.approx(own[name])
    assert 0 < mean(own["MRR"]) < 1
