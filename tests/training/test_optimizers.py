"""Muon and AdamW as one optimiser."""

import pytest
import torch
from torch import nn

from yofo_rerank.training.optimizers import MuonWithAdamW, build_optimizer, split_parameters

RATES = {"learning_rate": 1e-2, "muon_learning_rate": 2e-2, "weight_decay": 0.0}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 3))


def step(model, optimizer, n=1):
    for _ in range(n):
        optimizer.zero_grad()
        model(torch.arange(5)).square().sum().backward()
        optimizer.step()


def test_matrices_are_the_weights_of_linear_layers():
    model = network()
    model[1].bias.requires_grad_(False)
    matrices, others = split_parameters(model)
    assert {id(p) for p in matrices} == {id(model[1].weight), id(model[3].weight)}
    assert len(others) == 4  # embedding, norm weight and bias, last bias


def test_both_parts_step_and_the_scheduler_reaches_them():
    model = network()
    optimizer = build_optimizer(model, "muon", **RATES)
    assert isinstance(optimizer, MuonWithAdamW)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.0 if n else 1.0)
    before = [p.detach().clone() for p in model.parameters()]
    step(model, optimizer)
    assert all(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    scheduler.step()
    stopped = [p.detach().clone() for p in model.parameters()]
    step(model, optimizer)
    assert all(torch.equal(old, new) for old, new in zip(stopped, model.parameters(), strict=True))


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_state_survives_a_checkpoint(name, tmp_path):
    model = network()
    optimizer = build_optimizer(model, name, **RATES)
    step(model, optimizer, 3)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state.pt")
    step(model, optimizer, 3)

    again = network()
    resumed = build_optimizer(again, name, **RATES)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    again.load_state_dict(state["model"])
    resumed.load_state_dict(state["optimizer"])
    step(again, resumed, 3)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_muon_and_adamw_differ():
    ends = []
    for name in ("adamw", "muon"):
        model = network()
        step(model, build_optimizer(model, name, **RATES), 2)
        ends.append(model[1].weight.detach())
    assert not torch.allclose(ends[0], ends[1], atol=1e-4)
