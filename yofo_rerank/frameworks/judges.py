"""The judge of a component's settings: in this process, or behind a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yofo_rerank.errors import ConfigError
from yofo_rerank.judge import YofoJudge
from yofo_rerank.judges import SystemOneJudge

_OF_THE_SERVER = ("adapter", "revision", "device", "model_kwargs", "attention", "verdicts", "states")


def make_judge(
    settings: Mapping[str, Any], url: str | None = None, dialect: str = "transformers"
) -> YofoJudge | SystemOneJudge:
    """A judge with these settings of `YofoJudge.from_pretrained`, or, with a `url`, one that asks for `model` there.

    >>> make_judge({"model": "my-export"}, "http://127.0.0.1:8000").info()["model"]
    'my-export'

    Raises:
        ConfigError: a setting that only a judge in this process has, beside a `url`.
    """
    if url is None:
        return YofoJudge.from_pretrained(**settings)
    for name in _OF_THE_SERVER:
        if settings.get(name) not in (None, {}):
            raise ConfigError(f"{name} is for a judge in this process; with judge_url the server decides")
    model = settings["model"]
    return SystemOneJudge(url, model=None if model == "mini" else model, dialect=dialect)  # "mini" is our default
