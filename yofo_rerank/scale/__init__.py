"""Many machines (extra `ray`): a catalogue judged by Ray Data, and the service as a Ray Serve application."""

from yofo_rerank.scale.catalogue import CatalogueReport, judge_catalogue
from yofo_rerank.scale.outputs import FaissShards, Output, Shards, open_shards
from yofo_rerank.scale.pool import Pool
from yofo_rerank.scale.qdrant import QdrantCollection

__all__ = [
    "CatalogueReport",
    "FaissShards",
    "Output",
    "Pool",
    "QdrantCollection",
    "Shards",
    "judge_catalogue",
    "open_shards",
]
