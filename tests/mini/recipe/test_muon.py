"""Muon moves matrices as torch's own does, and orthogonalises in the precision that the processor has."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from yofo_rerank.mini.recipe import muon, precision
from yofo_rerank.mini.recipe.muon import Muon, orthogonalised


def _trained(optimizer_of: type[torch.optim.Optimizer]) -> list[torch.Tensor]:
    torch.manual_seed(0)
    matrices = [nn.Parameter(torch.randn(shape)) for shape in ((8, 24), (24, 8), (8, 24), (6, 6))]
    optimizer = optimizer_of(matrices, lr=0.05, weight_decay=0.01)  # type: ignore[call-arg]
    for step in range(4):
        torch.manual_seed(step + 1)
        for matrix in matrices:
            matrix.grad = torch.randn(matrix.shape)
        optimizer.step()
    return [matrix.detach() for matrix in matrices]


class _Still(Muon):
    """Leaves every matrix where it starts."""

    def step(self, closure: object = None) -> None:  # type: ignore[override]
        pass


def test_moves_as_torch_does() -> None:
    own, torchs = _trained(Muon), _trained(torch.optim.Muon)
    start = _trained(_Still)
    for ours, theirs, before in zip(own, torchs, start, strict=True):
        torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0)  # theirs is bfloat16
        assert (ours - before).abs().max() > 0.05


def test_singular_values_come_near_one_whatever_they_were() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, 12, 40) * torch.tensor([1e-3, 1.0, 1e3])[:, None, None]
    values = torch.linalg.svdvals(orthogonalised(matrices).float())
    assert values.min() > 0.5
    assert values.max() < 1.5
    assert torch.linalg.svdvals(matrices).max() > 1e3


def test_a_matrix_and_its_transpose_agree() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(1, 5, 17)
    torch.testing.assert_close(orthogonalised(matrix.mT), orthogonalised(matrix).mT)


@pytest.mark.parametrize("native", [False, True])
def test_computes_in_what_the_processor_has(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(muon, "half_is_native", lambda: native)
    assert orthogonalised(torch.randn(1, 4, 4)).dtype is (torch.bfloat16 if native else torch.float32)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx2": True}, False), ({"avx512_bf16": False, "amx_bf16": True}, True), ({"avx512_bf16": True}, True)],
)
def test_half_precision_is_asked_of_the_processor(
    capabilities: dict[str, bool], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    precision.half_is_native.cache_clear()
    try:
        assert precision.half_is_native() is expected
        with precision.autocast():
            assert torch.is_autocast_enabled("cpu") is expected
    finally:
        precision.half_is_native.cache_clear()


def test_takes_no_closure() -> None:
    with pytest.raises(ValueError, match="no closure"):
        Muon([nn.Parameter(torch.zeros(2, 2))], lr=0.1, weight_decay=0.0).step(lambda: 0.0)
