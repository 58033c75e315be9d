"""A training run that ends when its processor seconds are used up, and goes on where it stopped."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from yofo_rerank.mini.recipe.optimizer import MuonAdamW

logger = logging.getLogger("evals.contestants")

Loss = Callable[[random.Random], tuple[torch.Tensor, dict[str, float]]]
PROGRESS = 10_000  # steps that the schedule knows; real ones are unknown before the time is up
SAVE_EVERY = 10.0  # processor seconds


def train_for(
    seconds: float,
    name: str,
    module: nn.Module,
    loss: Loss,
    folder: Path,
    *,
    muon_rate: float,
    adam_rate: float,
    adam_only: bool = False,
    origin: str,
) -> int:
    """Train the module's weights that want gradients for so many seconds of this process; returns the steps made.

    A checkpoint is taken up only if its `origin` is this one: what it was trained from, on and how.

    `loss` gets a generator of chance for its step and returns a scalar with figures for the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = [(f"embed.{n}" if adam_only else n, p) for n, p in module.named_parameters() if p.requires_grad]
    optimizer = MuonAdamW(named, steps=PROGRESS, muon_lr=muon_rate, adam_lr=adam_rate)
    path = folder / "checkpoint.safetensors"
    step, used = _load(path, module, optimizer, origin)
    saved, started, lines = used, time.process_time() - used, []
    while used < seconds:
        value, figures = loss(random.Random(f"{name} {step}"))
        value.backward()
        nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        optimizer.step(int(PROGRESS * used / seconds))
        step, used = step + 1, time.process_time() - started
        lines.append(figures)
        if used - saved > SAVE_EVERY or used >= seconds:
            _log(folder / "log.jsonl", step, used, lines)
            _save(path, module, optimizer, step, used, origin)
            saved, lines = used, []
    return step


def _load(path: Path, module: nn.Module, optimizer: MuonAdamW, origin: str) -> tuple[int, float]:
    if not path.exists() or _origin_of(path) != origin:
        (path.parent / "log.jsonl").unlink(missing_ok=True)
        return 0, 0.0
    tensors = load_file(path)
    module.load_state_dict(_under(tensors, "module"), strict=False)
    optimizer.load_tensors(_under(tensors, "optimizer"))
    return int(tensors["step"]), float(tensors["used"])


def _origin_of(checkpoint: Path) -> str | None:
    """None = an earlier version did not say."""
    with safe_open(checkpoint, framework="pt") as file:
        return (file.metadata() or {}).get("origin")


def _save(path: Path, module: nn.Module, optimizer: MuonAdamW, step: int, used: float, origin: str) -> None:
    tensors = {"step": torch.tensor(step), "used": torch.tensor(used, dtype=torch.float64)}
    tensors |= {f"module|{name}": p.detach() for name, p in trained_tensors(module).items()}
    tensors |= {f"optimizer|{name}": tensor for name, tensor in optimizer.tensors().items()}
    part = path.with_suffix(".part")
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, part, {"origin": origin})
    part.replace(path)


def trained_tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """What training changes: the weights that want gradients."""
    return {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}


def _log(path: Path, step: int, used: float, lines: list[dict[str, float]]) -> None:
    means = {name: round(sum(line[name] for line in lines) / len(lines), 4) for name in lines[0]}
    line = {"step": step, "processor_seconds": round(used, 1), **means}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    logger.info("%s %s", path.parent.name, line)


def _under(tensors: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key.split("|", 1)[1]: value for key, value in tensors.items() if key.startswith(f"{name}|")}
