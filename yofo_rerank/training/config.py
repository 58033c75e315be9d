"""Everything a training run depends on, as one YAML file; the defaults are the paper's (section 4.1)."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.config import TrainedAttention

CONFIGS = Path(__file__).parent / "configs"


class LoraSettings(BaseModel):
    """Low-rank adapters on the language model's linear layers; rank 64 is the best of the paper's table 4."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=64, ge=1)
    alpha: int = Field(default=128, ge=1)  # not stated in the paper: twice the rank
    dropout: float = Field(default=0.05, ge=0, lt=1)


class TrainConfig(BaseModel):
    """One training run; paths are taken from the folder where the command runs.

    >>> TrainConfig(model="Qwen/Qwen3-VL-2B-Instruct", train_file="train.jsonl", output_dir="run").reason_weight
    0.55
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # model
    model: str = Field(min_length=1)  # hub id or local folder
    revision: str | None = None
    format: str = "yofo-v1"  # a prompt format's name
    max_pixels: int | None = Field(default=None, ge=1)  # pixels per image; None = half of max_length for an image
    lora: LoraSettings | None = LoraSettings()  # null trains the weights themselves and saves a whole model
    freeze_vision: bool = True

    # data
    train_file: Path
    validation_file: Path | None = None
    max_length: int = Field(default=1536, ge=1)  # tokens; a longer example is a bad one
    check_data: bool = True  # before the first step: every image opens, every example fits
    on_bad_example: Literal["error", "skip"] = "error"  # of that check: an error that lists them, or go on without them
    shuffle_properties: bool = True
    attention: TrainedAttention = "mixed"  # joint: the paper's; isolated: each requirement alone; mixed: by turns
    dependency_aware: bool = False  # section 4.5: two properties, the second the opposite of the first

    # objective
    use_reasons: bool = True  # post-hoc reasons in the template, as far as the examples have them
    reason_weight: float = Field(default=0.55, ge=0, allow_inf_nan=False)  # lambda of eq. 8
    hide_reasons: bool = False  # true: a reason is seen by itself alone, so slots see what they see at inference

    # optimisation
    optimizer: Literal["adamw", "muon"] = "adamw"  # muon: matrices by Muon, the rest by AdamW
    learning_rate: float = Field(default=1e-4, gt=0, allow_inf_nan=False)  # of AdamW
    muon_learning_rate: float = Field(default=0.02, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    scheduler: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)  # share of all steps
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1)  # optimiser steps; overrides epochs
    batch_size: int = Field(default=4, ge=1)  # examples per device and forward pass; not stated in the paper
    gradient_accumulation: int = Field(default=4, ge=1)
    eval_batch_size: int = Field(default=8, ge=1)
    seed: int = Field(default=42, ge=0, lt=2**32)

    # machine
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # auto: bf16 where the device supports it
    gradient_checkpointing: bool = True
    device: Literal["auto", "cpu"] = "auto"
    workers: int | None = Field(default=None, ge=0)  # processes that load data; None = the cores that are left, up to 8
    deepspeed: Path | None = None  # a JSON file, or "zero3" for the one that the package brings

    # output
    output_dir: Path
    log_every: int = Field(default=10, ge=1)  # steps
    eval_every: int | None = Field(default=None, ge=1)  # steps; None = at the end of every epoch
    save_every: int = Field(default=200, ge=1)  # steps
    keep_checkpoints: int = Field(default=2, ge=1)
    resume: str = "auto"  # auto = newest checkpoint of output_dir, never, or a checkpoint folder
    progress: bool = True  # progress bars
    plot: bool = True  # loss_curve.png, where matplotlib is installed

    @field_validator("deepspeed", mode="before")
    @classmethod
    def _shipped_by_name(cls, value: object) -> object:
        return CONFIGS / "zero3.json" if value == "zero3" else value

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        if self.optimizer == "muon" and self.deepspeed is not None:
            raise ValueError("optimizer 'muon' needs whole matrices, which deepspeed takes apart: use 'adamw'")
        if self.dependency_aware and not self.shuffle_properties:
            raise ValueError("dependency_aware draws properties at random: it needs shuffle_properties: true")
        if self.dependency_aware and self.attention != "joint":
            raise ValueError("dependency_aware wants a question that sees the one before it: set attention: joint")
        return self

    @classmethod
    def load(cls, path: str | Path) -> TrainConfig:
        """Read a YAML file; a ConfigError names the file and the key."""
        path = Path(path)
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
        except RecursionError as error:
            raise ConfigError(f"{path}: nested too deeply, wanted a mapping of keys") from error
        except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, numbers and dates that are none
            raise ConfigError(f"{path}: not YAML ({' '.join(str(error).split())[:500]})") from error
        if not isinstance(data, Mapping):
            raise ConfigError(f"{path}: wanted a mapping of keys, but got {type(data).__name__}")
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise ConfigError(f"{path}: {_first_problem(error)}") from error

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return self.model_dump(mode="json")


def _first_problem(error: ValidationError) -> str:
    """The key and what is wrong with it, in one line."""
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])[:200]
    if problem["type"] == "extra_forbidden":
        known = LoraSettings if problem["loc"][0] == "lora" else TrainConfig
        return f"unknown key {key!r}; known keys: {', '.join(known.model_fields)}"
    if problem["type"] == "missing":
        return f"missing key {key!r}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {message}, but got {reprlib.repr(problem['input'])}" if key else message  # shared parts may explode
