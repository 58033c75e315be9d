"""The finished adapter or model: `final`, put in place whole, and what a second call of the run finds there."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

from yofo_rerank.errors import ConfigError
from yofo_rerank.training.card import write_card
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.prepare import Trainable
from yofo_rerank.training.record import FILE_NAME as RECORD
from yofo_rerank.training.record import TrainingRecord
from yofo_rerank.training.replace import recover, replaced_folder
from yofo_rerank.training.settings import changed_settings
from yofo_rerank.training.trainer import YofoTrainer


def planned_steps(config: TrainConfig, n_examples: int, n_processes: int) -> int:
    """Optimiser steps of the whole run, as the Hugging Face Trainer counts them."""
    if config.max_steps is not None:
        return config.max_steps
    batches = n_examples // (config.batch_size * n_processes)  # the last incomplete one is dropped
    return math.ceil(config.epochs * max(1, math.ceil(batches / config.gradient_accumulation)))


def finished_before(folder: Path, config: TrainConfig, steps: int) -> TrainingRecord | None:
    """The record of an earlier call that has done all these steps; None where there is something left to do.

    Raises:
        ConfigError: it did them with settings that make other weights.
    """
    recover(folder)
    record = TrainingRecord.load(folder) if config.resume != "never" else None
    if record is None or record.steps < steps:
        return None
    if changed := changed_settings(config, record.settings):
        raise ConfigError(
            f"{folder} holds a finished run with other settings ({', '.join(changed)}): name another output_dir, or "
            "start over with `resume: never`"
        )
    return record


def start_over(output_dir: Path) -> None:
    """Keep a later call from taking what an earlier run left for this one's: checkpoints go into `earlier`.

    Its `final` stays where it is until there is a new one, but does not count as finished any more.
    """
    checkpoints = list(output_dir.glob("checkpoint-*"))
    if checkpoints:
        earlier = output_dir / "earlier"
        shutil.rmtree(earlier, ignore_errors=True)
        earlier.mkdir()
        for checkpoint in checkpoints:
            checkpoint.rename(earlier / checkpoint.name)
    record = output_dir / "final" / RECORD
    if record.is_file():
        record.rename(record.with_name(f"{RECORD}.earlier"))


def save_final(folder: Path, trainer: YofoTrainer, trained: Trainable, record: TrainingRecord) -> None:
    """Put the finished adapter or model in place: weights, processor, `yofo_config.json`, model card."""
    is_main = trainer.is_world_process_zero()
    with replaced_folder(folder) if is_main else contextlib.nullcontext(folder) as fresh:
        trainer.save_model(str(fresh))  # on every process: ZeRO-3 gathers the weights
        if is_main:
            (fresh / "training_args.bin").unlink(missing_ok=True)  # a pickle, of no use to a judge
            trained.processor.save_pretrained(fresh)
            trained.saved_config.save(fresh)
            record.save(fresh)
            write_card(fresh, trained.saved_config, record)  # in place of peft's blank one
            _name_base(fresh / "adapter_config.json", trained.saved_config.base_model)


def final_losses(log_history: list[dict[str, Any]]) -> dict[str, float]:
    """Of the last report that has them."""
    names = ("loss", "answer_loss", "reason_loss")
    reports = [entry for entry in log_history if "answer_loss" in entry]
    return {name: reports[-1][name] for name in names} if reports else {}


def _name_base(path: Path, base: str) -> None:
    """The base by its name: peft notes the path from which it was loaded."""
    if path.is_file():
        settings = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": base}
        path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
