"""The reasons on a node: flat metadata in plain JSON types, which neither a chat model nor an embedder is shown."""

from __future__ import annotations

import json
from typing import Any

from llama_index.core.schema import BaseNode, NodeWithScore

from yofo_rerank.requirements import Explanation

SCORE = "yofo_score"
RETRIEVAL_SCORE = "yofo_retrieval_score"
INDEX = "yofo_index"
REQUIREMENTS = "yofo_requirements"  # JSON: vector stores with flat metadata refuse a list
FAILURE = "yofo_failure"  # JSON
EVIDENCE = "yofo_evidence"  # JSON
KEYS = (SCORE, RETRIEVAL_SCORE, INDEX, REQUIREMENTS, FAILURE, EVIDENCE)


def explained(node: BaseNode, explanation: Explanation, *, keep_retrieval_score: bool = True) -> BaseNode:
    """A copy of the node, of the same class and id, that carries the explanation; the node itself stays as it is."""
    found: dict[str, Any] = {SCORE: explanation.score, INDEX: explanation.index}
    if keep_retrieval_score and explanation.retrieval_score is not None:
        found[RETRIEVAL_SCORE] = explanation.retrieval_score
    found[REQUIREMENTS] = json.dumps([judgement.to_dict() for judgement in explanation.judgements])
    if explanation.failure is not None:
        found[FAILURE] = explanation.failure.model_dump_json()
    if explanation.evidence:
        found[EVIDENCE] = json.dumps([one.to_dict() for one in explanation.evidence])
    return node.model_copy(
        update={
            "metadata": {key: value for key, value in node.metadata.items() if key not in KEYS} | found,
            "excluded_llm_metadata_keys": _with_keys(node.excluded_llm_metadata_keys),
            "excluded_embed_metadata_keys": _with_keys(node.excluded_embed_metadata_keys),
        }
    )


def explain(node: BaseNode | NodeWithScore, *, evidence: bool = False) -> Explanation:
    """Why a node that `YofoRerank` returned stands where it does.

        for judgement in explain(response.source_nodes[0]).judgements:
            print(judgement.requirement.text, judgement.p_yes, judgement.verdict)

    With `evidence=True` a node that carries none is an error; `YofoRerank(evidence=True)` makes nodes that do.

    Raises:
        ValueError: the node was not returned by `YofoRerank`, or carries no evidence although it is wanted.
    """
    metadata = (node.node if isinstance(node, NodeWithScore) else node).metadata
    if REQUIREMENTS not in metadata:
        raise ValueError(f"node {node.node_id!r} carries no explanation; wanted one that YofoRerank returned")
    failure = metadata.get(FAILURE)
    if evidence and failure is None and EVIDENCE not in metadata:
        raise ValueError(f"node {node.node_id!r} carries no evidence; wanted one of YofoRerank(evidence=True)")
    return Explanation(
        index=metadata[INDEX],
        score=metadata[SCORE],
        retrieval_score=metadata.get(RETRIEVAL_SCORE),
        judgements=json.loads(metadata[REQUIREMENTS]),
        failure=None if failure is None else json.loads(failure),
        evidence=json.loads(metadata.get(EVIDENCE, "[]")),
    )


def _with_keys(excluded: list[str]) -> list[str]:
    return [*excluded, *(key for key in KEYS if key not in excluded)]
