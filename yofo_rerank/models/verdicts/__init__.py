"""Kept verdicts: isolated answers under (model, document, requirement), in memory and on disk; imports no torch."""

from yofo_rerank.models.verdicts.answer import Answer
from yofo_rerank.models.verdicts.store import Verdicts, VerdictStats, open_verdicts

__all__ = ["Answer", "VerdictStats", "Verdicts", "open_verdicts"]
