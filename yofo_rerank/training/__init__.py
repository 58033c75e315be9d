"""Train a judge: examples as JSONL in, an adapter folder that `YofoJudge.from_pretrained` loads out.

>>> from yofo_rerank.training import TrainConfig, train
>>> train(TrainConfig(model="...", train_file="train.jsonl", output_dir="run")).folder  # doctest: +SKIP
PosixPath('run/final')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yofo_rerank.training.checkup import CheckReport, check_data
    from yofo_rerank.training.config import LoraSettings, TrainConfig
    from yofo_rerank.training.run import TrainResult, train

_HOMES = {  # torch stays out
    "CheckReport": "checkup",
    "LoraSettings": "config",
    "TrainConfig": "config",
    "TrainResult": "run",
    "check_data": "checkup",
    "train": "run",
}

__all__ = ["CheckReport", "LoraSettings", "TrainConfig", "TrainResult", "check_data", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
