"""MRR and nDCG by Haystack's evaluators equal the library's own (E5)."""

import inspect
from statistics import mean

import pytest
from haystack import Document
from haystack.components.evaluators import DocumentMRREvaluator, DocumentNDCGEvaluator
from haystack_integrations.components.rankers.yofo import YofoRanker

pytest.importorskip("ir_measures", reason="ir-measures is not installed")
from evals.ranking import measure

RELEVANT = {"a red dress": ["p1"], "a grey skirt": ["p4", "t"], "a long top": ["p0", "p2", "p3"]}


@pytest.mark.skipif(
    "document_comparison_field" not in inspect.signature(DocumentMRREvaluator.__init__).parameters,
    reason="this Haystack compares contents alone, and pictures have none",
)
def test_metrics_agree(judge, documents):
    found = {query: YofoRanker().run(query=query, documents=documents)["documents"] for query in RELEVANT}
    truth = [[Document(id=id_, content=id_, score=1.0) for id_ in wanted] for wanted in RELEVANT.values()]
    own = measure(
        {query: [document.id for document in ranked] for query, ranked in found.items()},
        {query: dict.fromkeys(wanted, 1) for query, wanted in RELEVANT.items()},
    )
    theirs = {
        # by default contents are compared, and those of pictures are all alike: None
        kind: kind(document_comparison_field="id").run(
            ground_truth_documents=truth, retrieved_documents=list(found.values())
        )
        for kind in (DocumentMRREvaluator, DocumentNDCGEvaluator)
    }
    assert theirs[DocumentMRREvaluator]["individual_scores"] == pytest.approx(own["MRR"])
    assert theirs[DocumentNDCGEvaluator]["individual_scores"] == pytest.approx(own["nDCG@10"])
    assert 0 < mean(own["MRR"]) < 1
