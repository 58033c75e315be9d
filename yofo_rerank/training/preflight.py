"""What can be checked of a config before torch is imported and a model is looked for: seconds earlier."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from yofo_rerank.errors import ConfigError, MissingExtra
from yofo_rerank.models.sources import local_folder
from yofo_rerank.prompts import get_format
from yofo_rerank.training.config import TrainConfig


def check_settings(config: TrainConfig) -> None:
    """Files are there, names are known, packages are installed.

    Raises:
        ConfigError: names the key.
        ModelError: no such prompt format, or no such model folder.
        MissingExtra: deepspeed is asked for and not installed.
    """
    for key in ("train_file", "validation_file", "deepspeed"):
        path = getattr(config, key)
        if path is not None and not path.is_file():
            raise ConfigError(f"{key}: there is no file {str(path)!r}")
    if config.resume not in ("auto", "never") and not Path(config.resume).is_dir():
        raise ConfigError(f"resume: wanted 'auto', 'never' or a complete checkpoint folder, but got {config.resume!r}")
    if config.output_dir.exists() and not config.output_dir.is_dir():
        raise ConfigError(f"output_dir: wanted a folder, but {str(config.output_dir)!r} is a file")
    if get_format(config.format).family_system:
        raise ConfigError(f"format: {config.format!r} is for judging without training; wanted one such as 'yofo-v1'")
    _check_model(config.model)
    if config.deepspeed is not None and find_spec("deepspeed") is None:
        raise MissingExtra("deepspeed is not installed: pip install 'yofo-rerank[train]'")
    if config.deepspeed is not None and config.device == "cpu" and config.lora is not None:
        raise ConfigError("deepspeed: peft spreads rows of special tokens on GPUs alone; on a CPU wanted lora: null")


def _check_model(model: str) -> None:
    """A local folder is there and holds a model; a hub id is looked for later."""
    folder = local_folder(model)
    if folder is not None and not (folder / "config.json").is_file():
        raise ConfigError(f"model: {model!r} is not a model folder, it has no config.json")
