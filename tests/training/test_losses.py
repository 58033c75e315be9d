"""Equations 6 to 8 by hand, and independent of how a batch is cut."""

import math

import pytest
import torch

from yofo_rerank.training.losses import answer_loss, reason_loss, total_loss


def logits_for(*probabilities):
    """Rows of a two-token vocabulary with the given probability of token 1."""
    return torch.tensor([[math.log(1 - p), math.log(p)] for p in probabilities])


def test_answer_loss_is_the_mean_over_slots_then_samples():
    logits = logits_for(0.9, 0.8, 0.5)
    loss = answer_loss(logits, torch.tensor([1, 0, 1]), torch.tensor([0, 0, 1]), 2)
    by_hand = ((-math.log(0.9) - math.log(0.2)) / 2 - math.log(0.5)) / 2
    assert float(loss) == pytest.approx(by_hand, rel=1e-6)


def test_reason_loss_counts_a_sample_without_reasons_as_zero():
    loss = reason_loss(logits_for(0.25, 0.5), torch.tensor([1, 1]), torch.tensor([1, 1]), 3)
    assert float(loss) == pytest.approx((-math.log(0.25) - math.log(0.5)) / 2 / 3, rel=1e-6)


def test_no_reasons_at_all_is_zero_with_a_gradient_path():
    logits = torch.zeros(0, 5, requires_grad=True)
    loss = reason_loss(logits, torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long), 2)
    loss.backward()
    assert float(loss.detach()) == 0.0


def test_total():
    assert float(total_loss(torch.tensor(1.0), torch.tensor(2.0), 0.55)) == pytest.approx(2.1)


def test_mean_over_parts_equals_the_whole():
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(9, 7, generator=generator), torch.randint(7, (9,), generator=generator)
    samples = torch.tensor([0, 0, 0, 0, 1, 2, 2, 3, 3])
    whole = answer_loss(logits, targets, samples, 4)
    parts = [
        answer_loss(logits[:5], targets[:5], samples[:5], 2),
        answer_loss(logits[5:], targets[5:], samples[5:] - 2, 2),
    ]
    assert float(whole) == pytest.approx(float(sum(parts) / 2), rel=1e-6)
    assert float(parts[0]) != pytest.approx(float(parts[1]), rel=1e-2)
