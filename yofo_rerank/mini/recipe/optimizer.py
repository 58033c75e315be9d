"""Muon for the matrices, AdamW for everything else; one schedule for both.

Muon is what makes training on two cores feasible: with AdamW alone the model stays at chance for a quarter of an hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from yofo_rerank.mini.recipe.muon import Muon


class MuonAdamW:
    """Two optimizers that step together under a warm-up and cosine (or linear) decay to zero."""

    def __init__(
        self, named: Iterable[tuple[str, nn.Parameter]], *, steps: int, muon_lr: float = 0.02, adam_lr: float = 2e-3
    ) -> None:
        named = [(name, parameter) for name, parameter in named if parameter.requires_grad]
        matrices = [p for name, p in named if p.ndim == 2 and "embed" not in name]
        rest = [p for name, p in named if p.ndim != 2 or "embed" in name]
        self.muon = Muon([{"params": matrices}], lr=muon_lr, weight_decay=0.01)
        self.adam = torch.optim.AdamW([{"params": rest}], lr=adam_lr, weight_decay=0.0, betas=(0.9, 0.98))
        self._base = (muon_lr, adam_lr)
        self._steps = steps

    def step(self, step: int) -> None:
        """Apply the gradients with the rates of this step, and clear them."""
        for optimizer, rate in zip((self.muon, self.adam), self._base, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.schedule(step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def schedule(self, step: int) -> float:
        """Warm-up over 3 % of the steps, then half a cosine down to zero."""
        warm = max(1, int(0.03 * self._steps))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, self._steps - warm))))

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state as flat tensors, for a checkpoint."""
        return {
            f"{name}|{index}|{key}": value
            for name, optimizer in self._named()
            for index, state in optimizer.state_dict()["state"].items()
            for key, value in state.items()
        }

    def load_tensors(self, tensors: dict[str, torch.Tensor]) -> None:
        """Continue from a checkpoint."""
        for name, optimizer in self._named():
            state: dict[int, dict[str, torch.Tensor]] = {}
            for path, value in tensors.items():
                owner, index, key = path.split("|")
                if owner == name:
                    state.setdefault(int(index), {})[key] = value
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

    def _named(self) -> tuple[tuple[str, torch.optim.Optimizer], ...]:
        return ("muon", self.muon), ("adam", self.adam)
