"""YofoRanker judges every requirement of a query against images; YofoQueryDecomposer finds the requirements."""

from yofo_rerank.extras import require

require("haystack", extra="haystack")

from haystack_integrations.components.rankers.yofo.query_decomposer import YofoQueryDecomposer  # noqa: E402
from haystack_integrations.components.rankers.yofo.ranker import YofoRanker  # noqa: E402

__all__ = ["YofoQueryDecomposer", "YofoRanker"]
