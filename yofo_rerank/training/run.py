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
from transformers import PrinterCallback, set_seed

from yofo_rerank.errors import ConfigError, ExampleError
from yofo_rerank.training.arguments import training_arguments
from yofo_rerank.training.checkpoints import checkpoint_to_resume, replaced_folder
from yofo_rerank.training.collator import Collator
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.dataset import ExampleDataset
from yofo_rerank.training.examples import ExampleFile
from yofo_rerank.training.history import plot_history, write_history
from yofo_rerank.training.prepare import Trainable, prepare_model
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


def train(config: TrainConfig | str | Path) -> TrainResult:
    """Train a judge and save it in `output_dir/final`, where `YofoJudge.from_pretrained(model, adapter=...)` reads it.

    Interrupted at any time, the same call goes on from the newest checkpoint (`resume: auto`).

    >>> train("lora-2b.yaml").metrics["eval_acc_property"]  # doctest: +SKIP
    0.92

    Raises:
        ConfigError: the config is malformed; names the key.
        ExampleError: an example is malformed or too long; names file and line.
        ModelError: the model cannot be loaded.
    """
    config = config if isinstance(config, TrainConfig) else TrainConfig.load(config)
    train_data, validation_data = load_datasets(config)
    resume = checkpoint_to_resume(config.resume, config.output_dir)
    trainer, trained = build_trainer(config, train_data, validation_data)
    if trainer.is_world_process_zero():
        _note_config(config)
    with _plain_example_errors():
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        metrics = _final_metrics(trainer) if validation_data is not None else {}
    folder = config.output_dir / "final"
    save_final(folder, trainer, trained)
    history = _report(config, trainer)
    return TrainResult(folder, trainer.state.global_step, metrics, history, resumed_from=resume)


def load_datasets(config: TrainConfig) -> tuple[ExampleDataset, ExampleDataset | None]:
    """Training examples, and validation ones without reasons and in the file's own order, as inference sees them."""
    train_data = ExampleDataset(
        ExampleFile(config.train_file),
        seed=config.seed,
        shuffle=config.shuffle_properties,
        dependency_aware=config.dependency_aware,
        use_reasons=config.use_reasons,
    )
    if config.validation_file is None:
        return train_data, None
    validation_data = ExampleDataset(
        ExampleFile(config.validation_file),
        seed=config.seed,
        shuffle=False,
        dependency_aware=config.dependency_aware,
        use_reasons=False,
    )
    return train_data, validation_data


def build_trainer(
    config: TrainConfig, train_data: ExampleDataset, validation_data: ExampleDataset | None
) -> tuple[YofoTrainer, Trainable]:
    """Load the model and put the run together; nothing is trained yet."""
    arguments = training_arguments(config)  # before the model is loaded: with ZeRO-3 they decide how
    per_step = config.batch_size * arguments.world_size
    if len(train_data) < per_step:
        raise ConfigError(f"batch_size: {per_step} examples per step, but {config.train_file} has {len(train_data)}")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the workers are the parallelism
    set_seed(config.seed)
    trained = prepare_model(config)
    trainer = YofoTrainer(
        config=config,
        answer_ids=trained.answer_ids,
        model=trained.model,
        args=arguments,
        data_collator=Collator(trained.maker, max_length=config.max_length, hide_reasons=config.hide_reasons),
        train_dataset=train_data,
        eval_dataset=validation_data,
        compute_metrics=partial(accuracies, dependency_aware=config.dependency_aware),
        callbacks=[SetEpoch(train_data)],
    )
    if not config.progress:
        trainer.remove_callback(PrinterCallback)
    return trainer, trained


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


def save_final(folder: Path, trainer: YofoTrainer, trained: Trainable) -> None:
    """Put the finished adapter or model in place: weights, processor, `yofo_config.json`."""
    is_main = trainer.is_world_process_zero()
    with replaced_folder(folder) if is_main else contextlib.nullcontext(folder) as fresh:
        trainer.save_model(str(fresh))  # on every process: ZeRO-3 gathers the weights
        if is_main:
            (fresh / "training_args.bin").unlink(missing_ok=True)  # a pickle, of no use to a judge
            trained.processor.save_pretrained(fresh)
            trained.saved_config.save(fresh)


def _report(config: TrainConfig, trainer: YofoTrainer) -> Path:
    """The course of the run as JSON and as a picture."""
    path = config.output_dir / "history.json"
    if trainer.is_world_process_zero():
        write_history(trainer.state.log_history, path)
        if config.plot:
            plot_history(trainer.state.log_history, config.output_dir / "loss_curve.png")
    return path
