"""The HTTP service (extra `serve`): rerank APIs that other people's clients speak, and System One."""

from yofo_rerank.serving.settings import Limits, ServeSettings

__all__ = ["Limits", "ServeSettings"]
