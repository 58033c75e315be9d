"""Open the judge and the first stage that an evaluation asks for."""

from __future__ import annotations

from pathlib import Path

from yofo_rerank import YofoJudge
from yofo_rerank.prompts.format import Attention
from yofo_rerank.retrieval import ClipFaissRetriever

UNTRAINED = "untrained"  # the architecture of mini with random weights: for speed, which weights do not change


def open_judge(
    model: str,
    adapter: str | None = None,
    *,
    cache_bytes: int | None = None,
    verdicts: bool = False,
    device: str | None = None,
    attention: Attention | None = None,
) -> YofoJudge:
    """A judge by name: "mini", a folder, a hub id, or "untrained"; it answers anew whatever it was asked before."""
    if model != UNTRAINED:
        return YofoJudge.from_pretrained(
            model, adapter, cache_bytes=cache_bytes, verdicts=verdicts, device=device, attention=attention
        )
    from yofo_rerank.mini.architecture import build_model, build_processor, build_tokenizer

    tokenizer = build_tokenizer()
    pair = build_model(tokenizer), build_processor(tokenizer)
    return YofoJudge.from_components(*pair, cache_bytes=cache_bytes, verdicts=verdicts, attention=attention)


def open_retriever(encoder: str) -> ClipFaissRetriever:
    """An empty first stage: "mini", or a folder with an open_clip model."""
    return ClipFaissRetriever.from_pretrained(str(Path(encoder)) if Path(encoder).is_dir() else encoder)
