"""Rerankers of the Qwen family, as prompt formats and readouts of the slot model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.baselines.record import Baseline

if TYPE_CHECKING:
    from evals.baselines.listwise import ListScorer
    from evals.baselines.slot_scorer import PairScorer, SlotEmbedder

_HERE = "evals.baselines.qwen"
_WEIGHTS_UNSEEN = "not declared where it was looked for (code MIT)"
_INSTRUCTION = "the instruction before the query is that of one of its makers' tasks"
_LAMRA_TEXTS = f"licence of the weights; {_INSTRUCTION}; when a full stop is added to a text"
_LIST = "windows beyond its own number of candidates are ours"

RECORDS: tuple[Baseline, ...] = (
    *(
        Baseline(
            f"qwen3-vl-reranker-{size.lower()}", "reranker", f"{_HERE}:load", f"Qwen/Qwen3-VL-Reranker-{size}",
            revision, "Apache-2.0", parameters,
            unverified="1,800 image tokens are the official script's limit, others use 1,280; scored here without "
            "cutting long documents",
        )
        for size, revision, parameters in (
            ("2B", "4bd860ac4f15ad1897a214615cccc700f8f71818", "2.13B"),
            ("8B", "407993db318a67dbb333bbeb8b1521fb703a3bb1", "8.77B"),
        )
    ),
    Baseline(
        "lamra-rank", "reranker", f"{_HERE}:load", "code-kunkun/LamRA-Rank", licence=_WEIGHTS_UNSEEN,
        parameters="7B", unverified=_LAMRA_TEXTS,
    ),
    Baseline(
        "lamra-rank-listwise", "reranker", f"{_HERE}:load", "code-kunkun/LamRA-Rank", licence=_WEIGHTS_UNSEEN,
        parameters="7B",
        unverified=f"{_LAMRA_TEXTS}; the order behind the best one, by the logits of the digits, follows a comment of "
        f"its authors; {_LIST}",
    ),
    Baseline(
        "lychee-rerank-mm", "reranker", f"{_HERE}:load", "vec-ai/lychee-rerank-mm", licence="Apache-2.0",
        parameters="7B", unverified="the prompt is from a third party's evaluation code, line breaks included",
    ),
    Baseline(
        "monoqwen2-vl", "reranker", f"{_HERE}:load", "lightonai/MonoQwen2-VL-v0.1", licence="Apache-2.0",
        parameters="2B", reads=("image",), unverified="batches of it: its makers run one pair at a time",
    ),
    Baseline(
        "unime-v2-reranker", "reranker", f"{_HERE}:load", "TianchengGu/UniME-V2-reranker-Qwen25VL-7B",
        licence=_WEIGHTS_UNSEEN, parameters="7B",
        unverified="licence of the weights; the spelling 'respond' of its inference code, where training has another",
    ),
    Baseline(
        "unime-v2-reranker-listwise", "reranker", f"{_HERE}:load", "TianchengGu/UniME-V2-reranker-Qwen25VL-7B",
        licence=_WEIGHTS_UNSEEN, parameters="7B",
        unverified=f"licence of the weights; the order behind the best one, by the logits of the digits; {_LIST}",
    ),
    Baseline(
        "mm-r5", "reranker", f"{_HERE}:load", "i2vec/MM-R5", licence="MIT", parameters="7B", reads=("image",),
        unverified=f"written greedily, where its makers sample at 0.3; 1,280 image tokens are ours; {_LIST}",
    ),
    Baseline(
        "gme-2b", "embedder", f"{_HERE}:load", "Alibaba-NLP/gme-Qwen2-VL-2B-Instruct",
        "ce765ae71b8cdb208203cd8fb64a170b1b84293a", "Apache-2.0", "2.21B",
        unverified="positions on three axes, as the model class has them: its makers' code may not apply them",
    ),
    *(
        Baseline(
            f"qwen3-vl-embedding-{size.lower()}", "embedder", f"{_HERE}:load", f"Qwen/Qwen3-VL-Embedding-{size}",
            revision, "Apache-2.0", parameters,
            unverified="read at the last token of the prompt, as the official script does; another runtime appends "
            "<|endoftext|>; the names of its weights",
        )
        for size, revision, parameters in (
            ("2B", "9f2f7e710d6d81056aa5c0a4f04764fec6bb7bda", "2.13B"),
            ("8B", "2c4565515e0f265c6511776e7193b22c0968ddc7", "8.14B"),
        )
    ),
    *(
        Baseline(
            f"qwen3-reranker-{size.lower()}", "reranker", "evals.baselines.qwen_text:load_text",
            f"Qwen/Qwen3-Reranker-{size}", revision, "Apache-2.0", size, ("text",),
            unverified="line breaks between fields as in its transformers example; the vLLM one has blank lines",
        )
        for size, revision in (
            ("0.6B", "6e9e69830b95c52b5fd889b7690dda3329508de3"),
            ("4B", "f16fc5d5d2b9b1d0db8280929242745d79794ef5"),
            ("8B", "5fa94080caafeaa45a15d11f969d7978e087a3db"),
        )
    ),
)  # fmt: skip


def load(record: Baseline, source: str, *, device: str | None = None) -> PairScorer | SlotEmbedder | ListScorer:
    """The scorer of a record from its hub id or a folder of the same class."""
    from evals.baselines.listwise import ListFormat, ListScorer
    from evals.baselines.qwen_formats import FORMATS
    from evals.baselines.slot_model import open_slot_model
    from evals.baselines.slot_scorer import PairFormat, PairScorer, SlotEmbedder

    layout = FORMATS[record.name]
    model = open_slot_model(record, source, layout.checkpoint, device)
    if isinstance(layout, PairFormat):
        return PairScorer(model, layout)
    return ListScorer(model, layout) if isinstance(layout, ListFormat) else SlotEmbedder(model, layout)
