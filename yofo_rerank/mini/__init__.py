"""The embedded default: a small garment world, and two small models that know it and nothing else."""

from yofo_rerank.mini.catalog import sample_catalog

__all__ = ["sample_catalog"]
