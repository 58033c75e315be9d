"""Many machines (extra `ray`): a catalogue judged by Ray Data, and the service as a Ray Serve application."""

from yofo_rerank.scale.catalogue import CatalogueReport, judge_catalogue
from yofo_rerank.scale.pool import Pool

__all__ = ["CatalogueReport", "Pool", "judge_catalogue"]
