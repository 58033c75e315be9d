"""AdamW as in the paper, or Muon for matrices with AdamW for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft import PeftModel
from torch import nn
from transformers import PreTrainedModel


class MuonWithAdamW(torch.optim.Optimizer):
    """Two optimisers that look like one to a scheduler, accelerate and a checkpoint."""

    def __init__(self, muon: torch.optim.Muon, adamw: torch.optim.AdamW) -> None:
        self._parts = (muon, adamw)
        super().__init__([{"params": group["params"]} for part in self._parts for group in part.param_groups], {})
        self._share_groups()

    def _share_groups(self) -> None:
        # The very same dicts: a learning rate set here is the one that the part reads.
        self.param_groups = [group for part in self._parts for group in part.param_groups]

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of both."""
        loss = closure() if closure is not None else None
        for part in self._parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The state of both."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore both."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share_groups()


def build_optimizer(
    model: nn.Module, name: str, *, learning_rate: float, muon_learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """The optimiser over the trainable parameters; weight decay acts on matrices of linear layers alone."""
    matrices, others = split_parameters(model)
    if name == "muon" and matrices:
        muon = torch.optim.Muon(matrices, lr=muon_learning_rate, weight_decay=weight_decay)
        return MuonWithAdamW(muon, torch.optim.AdamW(others, lr=learning_rate, weight_decay=0.0))
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate)


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Trainable weights of linear layers; all other trainable parameters (embeddings, LM head, norms, biases)."""
    head = model.get_output_embeddings() if isinstance(model, PreTrainedModel | PeftModel) else None
    linear = {
        id(module.weight) for module in model.modules() if isinstance(module, nn.Linear) and module is not head
    } - {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}  # tied weights
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (matrices if id(parameter) in linear else others).append(parameter)
    return matrices, others
