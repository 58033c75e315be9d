"""Muon in the precision that the processor has; torch's own multiplies in bfloat16, which is emulated on many.

Momentum orthogonalised by five Newton-Schulz steps (Jordan 2024, https://kellerjordan.github.io/posts/muon/), with the
constants of `torch.optim.Muon`; matrices of one shape go through them together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from yofo_rerank.mini.recipe.precision import half_is_native

MOMENTUM = 0.95
_A, _B, _C = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """`torch.optim.Muon` with Nesterov momentum; its state has the same names."""

    def __init__(self, params: Iterable[Any], *, lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        if closure is not None:
            raise ValueError("Muon takes no closure: compute the gradients before the step")
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for parameters in alike.values():
                self._move(parameters, group["lr"], group["weight_decay"])

    def _move(self, parameters: list[nn.Parameter], lr: float, weight_decay: float) -> None:
        wanted = torch.stack([self._direction(parameter) for parameter in parameters])
        rows, columns = parameters[0].shape
        rate = lr * math.sqrt(max(1.0, rows / columns))
        for parameter, update in zip(parameters, orthogonalised(wanted), strict=True):
            parameter.mul_(1 - lr * weight_decay).add_(update.to(parameter.dtype), alpha=-rate)

    def _direction(self, parameter: nn.Parameter) -> torch.Tensor:
        gradient: torch.Tensor = parameter.grad  # type: ignore[assignment]
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        momentum: torch.Tensor = state["momentum_buffer"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(momentum, MOMENTUM)


def orthogonalised(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Matrices with about the same singular vectors and all singular values near 1  # (n, rows, columns)."""
    found = matrices.bfloat16() if half_is_native() else matrices.float()
    tall = found.shape[-2] > found.shape[-1]
    found = found.mT if tall else found
    found = found / found.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = found @ found.mT
        found = _A * found + (_B * gram + _C * gram @ gram) @ found
    return found.mT if tall else found
