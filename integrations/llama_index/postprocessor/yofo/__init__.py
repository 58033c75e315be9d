"""YofoRerank: nodes in the order in which they meet a query's requirements, each with the reasons."""

from yofo_rerank.extras import require

require("llama_index.core", extra="llama-index")

from llama_index.postprocessor.yofo.base import YofoRerank  # noqa: E402  # after a clear word on what is missing
from llama_index.postprocessor.yofo.explanation import explain  # noqa: E402

__all__ = ["YofoRerank", "explain"]
