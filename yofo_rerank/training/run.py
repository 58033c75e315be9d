"""`train`: a config in, an adapter (or model) folder out; the command `yofo train` is this function."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from transformers import PrinterCallback, TrainerState, set_seed

from yofo_rerank.errors import ConfigError, ExampleError
from yofo_rerank.training.arguments import training_arguments
from yofo_rerank.training.checkpoints import STATE, checkpoint_to_resume, steps_done
from yofo_rerank.training.collator import Collator
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.data import TrainData, load_data
from yofo_rerank.training.encode import ExampleEncoder
from yofo_rerank.training.finish import final_losses, finished_before, planned_steps, save_final, start_over
from yofo_rerank.training.history import plot_history, write_history
from yofo_rerank.training.preflight import check_settings
from yofo_rerank.training.prepare import Parts, Trainable, prepare_model, prepare_parts
from yofo_rerank.training.record import TrainingRecord, facts_of
from yofo_rerank.training.settings import public_settings
from yofo_rerank.training.trainer import SetEpoch, YofoTrainer, accuracies

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind."""

    folder: Path  # the adapter, or the model where lora is null
    steps: int
    metrics: dict[str, Any]  # of the validation file after the last step; empty without one
    history: Path  # JSON
    resumed_from: Path | None
    left_out: int  # bad examples that were skipped


def train(config: TrainConfig | str | Path) -> TrainResult:
    """Train a judge and save it in `output_dir/final`, where `YofoJudge.from_pretrained(model, adapter=...)` reads it.

    Interrupted at any time, the same call goes on from the newest good checkpoint (`resume: auto`); a finished run is
    left as it is.

    >>> train("lora-2b.yaml").metrics["eval_acc_property"]  # doctest: +SKIP
    0.92

    Raises:
        ConfigError: the config is malformed, or a file that it names is missing; names the key.
        ExampleError: bad examples (malformed, too long, an image that cannot be read); names file and line of each.
        ModelError: the model cannot be loaded.
    """
    config = config if isinstance(config, TrainConfig) else TrainConfig.load(config)
    check_settings(config)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the workers are the parallelism
    folder, history = config.output_dir / "final", config.output_dir / "history.json"
    arguments = training_arguments(config)  # before the model is loaded: with ZeRO-3 they decide how
    parts = prepare_parts(config)
    data = load_data(config, example_encoder(config, parts), arguments.process_index, arguments.world_size)
    steps = planned_steps(config, len(data.train), arguments.world_size)
    if done := finished_before(folder, config, steps):
        logger.warning("%s is finished (%d steps): nothing is left to do", config.output_dir, done.steps)
        return TrainResult(folder, done.steps, done.metrics, history, None, data.left_out)
    resume = checkpoint_to_resume(config.resume, config.output_dir)
    trainer, trained = build_trainer(config, data, parts, arguments)
    if trainer.is_world_process_zero():
        if config.resume == "never":
            start_over(config.output_dir)
        _note_config(config)
    with _plain_example_errors():
        _go(trainer, resume, steps)
        metrics = _final_metrics(trainer) if data.validation is not None else {}
    save_final(folder, trainer, trained, record_of(config, data, trainer, metrics))
    if trainer.is_world_process_zero():
        _report(config, trainer, history)
    return TrainResult(folder, trainer.state.global_step, metrics, history, resume, data.left_out)


def example_encoder(config: TrainConfig, parts: Parts) -> ExampleEncoder:
    """How examples are laid out in this run."""
    return ExampleEncoder(parts.maker, config.max_length, hide_reasons=config.hide_reasons)


def build_trainer(
    config: TrainConfig, data: TrainData, parts: Parts, arguments: Any = None
) -> tuple[YofoTrainer, Trainable]:
    """Load the weights and put the run together; nothing is trained yet."""
    arguments = arguments or training_arguments(config)
    per_step = config.batch_size * arguments.world_size
    if len(data.train) < per_step:
        raise ConfigError(f"batch_size: {per_step} examples per step, but {config.train_file} has {len(data.train)}")
    set_seed(config.seed)
    trained = prepare_model(config, parts)
    trainer = YofoTrainer(
        config=config,
        answer_ids=trained.answer_ids,
        model=trained.model,
        args=arguments,
        data_collator=Collator(example_encoder(config, parts)),
        train_dataset=data.train,
        eval_dataset=data.validation,
        compute_metrics=partial(accuracies, dependency_aware=config.dependency_aware),
        callbacks=[SetEpoch(data.train)],
    )
    if not config.progress:
        trainer.remove_callback(PrinterCallback)
    return trainer, trained


def _go(trainer: YofoTrainer, resume: Path | None, steps: int) -> None:
    """Train what is left; the Trainer itself would take one step more where nothing is."""
    if resume is not None and steps_done(resume) >= steps and not trainer.is_deepspeed_enabled:
        trainer._load_from_checkpoint(str(resume))
        trainer.state = TrainerState.load_from_json(str(resume / STATE))
    else:
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)


def _note_config(config: TrainConfig) -> None:
    """Keep the config beside the checkpoints, and say what differs when a run goes on with another one."""
    path = config.output_dir / "config.yaml"
    if path.is_file():
        before = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        changed = sorted(key for key, value in config.to_dict().items() if before.get(key) != value)
        if changed:
            logger.warning("%s was made with another config; changed: %s", config.output_dir, ", ".join(changed))
    config.output_dir.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False), encoding="utf-8")


@contextlib.contextmanager
def _plain_example_errors() -> Iterator[None]:
    """An error of a process that loads data arrives with that process's traceback as its message; its end is enough."""
    try:
        yield
    except ExampleError as error:
        raise ExampleError(str(error).rsplit("ExampleError: ", 1)[-1].strip(), code=error.code) from error


def _final_metrics(trainer: YofoTrainer) -> dict[str, Any]:
    """Of the last step: those just logged, or a new evaluation."""
    for entry in reversed(trainer.state.log_history):
        if entry["step"] == trainer.state.global_step and "eval_acc_property" in entry:
            return entry
    return trainer.evaluate()


def record_of(config: TrainConfig, data: TrainData, trainer: YofoTrainer, metrics: dict[str, Any]) -> TrainingRecord:
    """How the run went, for the folder that it leaves."""
    return TrainingRecord(
        settings=public_settings(config),
        steps=trainer.state.global_step,
        losses=final_losses(trainer.state.log_history),
        data=facts_of(data.train, data.train_left_out),
        validation=facts_of(data.validation, data.left_out - data.train_left_out) if data.validation else None,
        metrics=metrics,
    )


def _report(config: TrainConfig, trainer: YofoTrainer, history: Path) -> None:
    """The course of the run as JSON and as a picture."""
    write_history(trainer.state.log_history, history)
    if config.plot:
        plot_history(trainer.state.log_history, config.output_dir / "loss_curve.png")
