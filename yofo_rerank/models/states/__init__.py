"""Prefix states and where they are kept: memory of the GPU, memory of the host, disk."""

from yofo_rerank.models.states.state import PrefixState
from yofo_rerank.models.states.tiers import CacheStats, StateTiers

__all__ = ["CacheStats", "PrefixState", "StateTiers"]
