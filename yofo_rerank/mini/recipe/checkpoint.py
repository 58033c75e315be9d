"""One training run that can be stopped at any moment: checkpoint, log, and the steps that remain."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import nn

from yofo_rerank.mini.recipe.optimizer import MuonAdamW


class Run:
    """Steps through a run, saving every two minutes; a later run with the same folder carries on."""

    def __init__(
        self, folder: Path, name: str, modules: dict[str, nn.Module], optimizer: MuonAdamW, steps: int
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.safetensors"
        self._log = folder / f"{name}.jsonl"
        self._name = name
        self._modules = modules
        self._optimizer = optimizer
        self._steps = steps
        self._sums: dict[str, float] = defaultdict(float)
        self._count = 0
        self._saved = self._started = time.monotonic()

    def remaining(self) -> Iterator[int]:
        """The steps still to do, with a progress bar."""
        start = self._load()
        for step in track(range(start, self._steps), self._name, disable=start == self._steps):
            yield step
            if time.monotonic() - self._saved > 120:
                self._save(step + 1)

    def log(self, step: int, **values: float) -> None:
        """Average values over 50 steps into one line of the log."""
        self._count += 1
        for name, value in values.items():
            self._sums[name] += value
        if self._count == 50 or step + 1 == self._steps:
            line: dict[str, Any] = {name: round(total / self._count, 4) for name, total in self._sums.items()}
            line |= {"step": step + 1, "seconds": round(time.monotonic() - self._started)}
            with self._log.open("a") as file:
                file.write(json.dumps(line) + "\n")
            self._sums.clear()
            self._count = 0

    def finish(self) -> None:
        """Keep the final state."""
        self._save(self._steps)

    def _load(self) -> int:
        if not self._path.exists():
            return 0
        tensors = load_file(self._path)
        for name, module in self._modules.items():
            module.load_state_dict(_under(tensors, name))
        self._optimizer.load_tensors(_under(tensors, "optimizer"))
        return int(tensors["step"])

    def _save(self, step: int) -> None:
        tensors = {"step": torch.tensor(step)}
        for name, module in self._modules.items():
            tensors |= {f"{name}|{key}": value for key, value in module.state_dict().items()}
        tensors |= {f"optimizer|{key}": value for key, value in self._optimizer.tensors().items()}
        part = self._path.with_suffix(".part")
        save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, part)
        part.replace(self._path)
        self._saved = time.monotonic()


def _under(tensors: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key.split("|", 1)[1]: value for key, value in tensors.items() if key.startswith(f"{name}|")}
