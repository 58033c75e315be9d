"""The contestants of the mini suite: trained by us on the same pictures with the same processor seconds."""

from __future__ import annotations

from typing import Any

from evals.baselines.record import Baseline

_ONE_SCORE: dict[str, Any] = {
    "loader": "evals.contestants.scorers:load_one_score", "licence": "apache-2.0", "reads": ("image",),
    "state": "trained",
}  # fmt: skip
_YOFO: dict[str, Any] = _ONE_SCORE | {"loader": "evals.contestants.scorers:load_yofo", "kind": "verdicts"}

RECORDS: tuple[Baseline, ...] = (
    Baseline(name="clip-style", kind="embedder", parameters="6M", **_ONE_SCORE),
    Baseline(name="siglip-style", kind="embedder", parameters="6M", **_ONE_SCORE),
    Baseline(
        name="clip, as shipped",
        kind="embedder",
        parameters="3.7M",
        **_ONE_SCORE | {"loader": "evals.contestants.scorers:load_embedded_clip"},
    ),
    Baseline(name="blip2-itm-style", kind="reranker", parameters="6M", **_ONE_SCORE),
    Baseline(name="jina-style", kind="reranker", parameters="8.8M", **_ONE_SCORE),
    Baseline(name="whole-query-style", kind="reranker", parameters="8.7M", **_ONE_SCORE),
    Baseline(name="yofo", parameters="8.7M", **_YOFO),
    Baseline(name="yofo, as shipped", parameters="8.7M", **_YOFO),
)
