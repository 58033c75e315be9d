"""Decomposers turn a query into requirements: `rules` (offline, the default), `llm` (a chat model), `fixed` (given)."""

from yofo_rerank.decompose.base import Decomposer
from yofo_rerank.decompose.fixed import FixedDecomposer
from yofo_rerank.decompose.llm import LlmDecomposer
from yofo_rerank.decompose.llm_reply import DEFAULT_PROMPT
from yofo_rerank.decompose.registry import DECOMPOSERS, decompose, get_decomposer
from yofo_rerank.decompose.rules import RulesDecomposer

__all__ = [
    "DECOMPOSERS",
    "DEFAULT_PROMPT",
    "Decomposer",
    "FixedDecomposer",
    "LlmDecomposer",
    "RulesDecomposer",
    "decompose",
    "get_decomposer",
]
