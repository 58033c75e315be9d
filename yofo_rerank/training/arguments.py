"""TrainConfig -> the TrainingArguments of transformers."""

from __future__ import annotations

import os

import torch
from transformers import TrainingArguments

from yofo_rerank.errors import ConfigError
from yofo_rerank.training.config import TrainConfig


def check_device(config: TrainConfig) -> None:
    """Whether this machine has what the config asks for.

    Raises:
        ConfigError: deepspeed where there is no GPU, but no `device: cpu`.
    """
    if config.deepspeed is not None and config.device == "auto" and not torch.accelerator.is_available():
        raise ConfigError("deepspeed: no GPU here, where processes do not find one another; wanted device: cpu")


def training_arguments(config: TrainConfig) -> TrainingArguments:
    """What the Trainer needs to know, all of it.

    Raises:
        ConfigError: several GPUs but one process; deepspeed where there is no GPU, but no `device: cpu`.
    """
    check_device(config)
    arguments = TrainingArguments(
        output_dir=str(config.output_dir),
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.eval_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        lr_scheduler_type=config.scheduler,
        warmup_steps=config.warmup_ratio,  # below 1: a share of all steps
        max_grad_norm=config.max_grad_norm,
        bf16=uses_bf16(config),
        use_cpu=config.device == "cpu",
        dataloader_num_workers=data_workers(config),
        dataloader_drop_last=True,
        remove_unused_columns=False,
        deepspeed=str(config.deepspeed) if config.deepspeed else None,
        ddp_find_unused_parameters=False,
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=config.log_every,
        logging_nan_inf_filter=False,  # a broken loss must show
        eval_strategy="no" if config.validation_file is None else "steps" if config.eval_every else "epoch",
        eval_steps=config.eval_every,
        save_steps=config.save_every,
        save_total_limit=config.keep_checkpoints,
        disable_tqdm=not config.progress,
        report_to=[],
    )
    if arguments.n_gpu > 1:
        raise ConfigError(
            f"{arguments.n_gpu} GPUs, but one process: start with `torchrun --nproc_per_node {arguments.n_gpu} -m "
            "yofo_rerank.cli train CONFIG`, or set CUDA_VISIBLE_DEVICES to one of them"
        )
    if config.deepspeed is not None and arguments.use_cpu and arguments.world_size > 1:
        _tell_deepspeed()
    return arguments


def _tell_deepspeed() -> None:
    """Of the processes that run: on a CPU the Trainer does not, and DeepSpeed takes itself to be alone."""
    import deepspeed

    deepspeed.init_distributed(dist_backend="gloo")


def data_workers(config: TrainConfig) -> int:
    """Processes that load data, for each process that trains: as asked, or its share of the cores but one, up to 8."""
    if config.workers is not None:
        return config.workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(8, max(1, share - 1))


def uses_bf16(config: TrainConfig) -> bool:
    """Whether activations are bf16: as asked, or where the device supports it."""
    if config.precision != "auto":
        return config.precision == "bf16"
    return config.device == "auto" and torch.cuda.is_available() and torch.cuda.is_bf16_supported()
