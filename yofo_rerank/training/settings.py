"""A config as strangers may read it: names instead of paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yofo_rerank.training.config import TrainConfig

_LOCAL = ("output_dir", "resume", "device", "workers", "progress", "plot")  # of no interest to a reader
# May differ between two calls of one run: how fast it goes, what it reports, how long it goes on.
_FREE_REPORTS = ("validation_file", "eval_batch_size", "log_every", "eval_every", "save_every", "keep_checkpoints")
_FREE = {"check_data", "epochs", "max_steps", "gradient_checkpointing", "deepspeed", *_FREE_REPORTS}


def public_name(model: str) -> str:
    """A hub id as it is; of a local folder its name, or the hub id that a download's folder is named by.

    >>> public_name("Qwen/Qwen3-VL-2B-Instruct")
    'Qwen/Qwen3-VL-2B-Instruct'
    """
    path = Path(model).expanduser()
    if not path.is_dir():
        return model
    parts = path.resolve().parts
    cached = [part.removeprefix("models--") for part in parts if part.startswith("models--")]
    return cached[-1].replace("--", "/") if cached else parts[-1]


def public_settings(config: TrainConfig) -> dict[str, Any]:
    """Plain JSON types without a local path."""
    settings = {key: value for key, value in config.to_dict().items() if key not in _LOCAL}
    for key in ("train_file", "validation_file", "deepspeed"):
        if settings[key] is not None:
            settings[key] = Path(settings[key]).name
    return settings | {"model": public_name(config.model)}


def changed_settings(config: TrainConfig, before: dict[str, Any]) -> list[str]:
    """Keys of a finished run's public settings that are others now, and would have made other weights."""
    now = public_settings(config)
    return sorted(key for key, value in now.items() if key not in _FREE and before.get(key, value) != value)
