"""Where `require` was until 0.2.0; it lives in `yofo_rerank.extras`."""

from yofo_rerank.extras import require

__all__ = ["require"]
