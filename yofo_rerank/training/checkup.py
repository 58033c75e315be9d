"""`yofo train --check`: what training would say of the data, without training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.data import load_data
from yofo_rerank.training.preflight import check_settings
from yofo_rerank.training.prepare import prepare_parts
from yofo_rerank.training.run import example_encoder


@dataclass(frozen=True)
class CheckReport:
    """What is in both files of a run."""

    good: int
    bad: int
    problems: tuple[str, ...]  # of the bad ones, each with file and line; the first 1,000
    longest: int  # tokens of the longest good example
    max_length: int
    max_pixels: int  # per image


def check_data(config: TrainConfig | str | Path) -> CheckReport:
    """Read every example and every image as training would; no weights are loaded.

    >>> check_data("lora-2b.yaml").bad  # doctest: +SKIP
    0

    Raises:
        ConfigError: the config is malformed, or a file that it names is missing; names the key.
        ModelError: the model's processor cannot be loaded.
    """
    config = config if isinstance(config, TrainConfig) else TrainConfig.load(config)
    check_settings(config)
    parts = prepare_parts(config)
    config = config.model_copy(update={"check_data": True})
    data = load_data(config, example_encoder(config, parts), report=True)
    return CheckReport(
        good=len(data.train) + (len(data.validation) if data.validation is not None else 0),
        bad=data.problems.count,
        problems=tuple(data.problems.messages),
        longest=data.longest,
        max_length=config.max_length,
        max_pixels=parts.maker.max_pixels or 0,
    )
