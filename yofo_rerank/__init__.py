"""yofo_rerank: judge every requirement of a query in one forward pass, and rank by a rule you choose."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.requirements import DecomposedQuery, Judgement, RankedDocument, Ranking, Requirement
    from yofo_rerank.reranker import YofoReranker

__version__ = "0.2.0"

_HOMES = {  # resolved at first use, so that `import yofo_rerank` stays fast and loads no torch
    "Document": "documents",
    "YofoJudge": "judge",
    "YofoReranker": "reranker",
    "DecomposedQuery": "requirements",
    "Judgement": "requirements",
    "RankedDocument": "requirements",
    "Ranking": "requirements",
    "Requirement": "requirements",
}

__all__ = [
    "DecomposedQuery",
    "Document",
    "Judgement",
    "RankedDocument",
    "Ranking",
    "Requirement",
    "YofoJudge",
    "YofoReranker",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'yofo_rerank' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"yofo_rerank.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
