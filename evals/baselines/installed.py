"""What people have installed: sentence-transformers and the decision pipeline.

Revisions are those of mteb 2.26's registry, where it has the checkpoint.
"""

from __future__ import annotations

from evals.baselines.record import Baseline

_CROSS_ENCODER = "evals.baselines.cross_encoder:open_scorer"
_SENTENCE_TRANSFORMERS = "sentence-transformers>=6.2"
_OURS = "Apache-2.0"  # of this repository, whose weights they are

RECORDS: tuple[Baseline, ...] = (
    Baseline(
        "cross-encoder-qwen3-vl-2b",
        "reranker",
        _CROSS_ENCODER,
        hub_id="Qwen/Qwen3-VL-Reranker-2B",
        revision="4bd860ac4f15ad1897a214615cccc700f8f71818",
        licence="Apache-2.0",
        parameters="2B",
        unverified="its prompt and pixel limits, which come with the checkpoint",
        needs=_SENTENCE_TRANSFORMERS,
    ),
    Baseline(
        "cross-encoder-qwen3-vl-8b",
        "reranker",
        _CROSS_ENCODER,
        hub_id="Qwen/Qwen3-VL-Reranker-8B",
        revision="407993db318a67dbb333bbeb8b1521fb703a3bb1",  # main has a broken modules.json
        licence="Apache-2.0",
        parameters="8B",
        unverified="its prompt and pixel limits, which come with the checkpoint",
        needs=_SENTENCE_TRANSFORMERS,
    ),
    Baseline(
        "cross-encoder-jina-m0",
        "reranker",
        _CROSS_ENCODER,
        hub_id="jinaai/jina-reranker-m0",
        licence="CC-BY-NC-4.0",
        parameters="2.4B",
        state="waits",
        unverified="whether it loads without remote code, which is refused here; revision not pinned",
        needs=_SENTENCE_TRANSFORMERS,
    ),
    Baseline(
        "cross-encoder-nemotron-vl-1b",
        "reranker",
        _CROSS_ENCODER,
        hub_id="nvidia/llama-nemotron-rerank-vl-1b-v2",
        revision="b8a9987b05b75db5ad949c825cbcbf6eb7c48b5a",
        licence="its maker's own (LICENSE in its repository), check before use",
        parameters="1.7B",
        state="waits",
        unverified="whether it loads without remote code, which is refused here; the terms of its licence",
        needs=_SENTENCE_TRANSFORMERS,
    ),
    Baseline(
        "cross-encoder-mini-base",
        "reranker",
        _CROSS_ENCODER,
        hub_id="mini",
        licence=_OURS,
        parameters="mini",
        state="trained",
        needs=_SENTENCE_TRANSFORMERS,
    ),
    Baseline(
        "decision-qwen3-vl-2b",
        "verdicts",
        "evals.baselines.decision:open_default",
        hub_id="Qwen/Qwen3-VL-2B-Instruct",
        licence="Apache-2.0",
        parameters="2B",
        unverified="the wording of the question is ours; revision not pinned",
        needs="transformers>=5.23",
    ),
    Baseline(
        "decision-mini",
        "verdicts",
        "evals.baselines.decision:open_default",
        hub_id="mini",
        licence=_OURS,
        parameters="mini",
        state="trained",
        unverified="the wording of the question is ours",
        needs="transformers>=5.23",
    ),
    Baseline(
        "decision-mini-template",
        "verdicts",
        "evals.baselines.decision:open_template",
        hub_id="mini",
        licence=_OURS,
        parameters="mini",
        state="trained",
        needs="transformers>=5.23",
    ),
)
