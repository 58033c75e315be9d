"""A missing optional dependency is one clear sentence."""

from __future__ import annotations

import importlib

from yofo_rerank.errors import MissingExtra


def require(module: str, *, extra: str) -> None:
    """Import `module`, or say which extra brings it.

    >>> require("json", extra="pandas")

    Raises:
        MissingExtra: it is not installed; an ImportError.
    """
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):  # something that it needs is missing
            raise
        raise MissingExtra(f'this needs {module}: pip install "yofo-rerank[{extra}]"') from error
