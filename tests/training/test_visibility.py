"""Mask and positions of hidden reasons, by hand."""

import torch

from yofo_rerank.training.visibility import skipped, visible

SEGMENTS = torch.tensor([[0, 1, 1, 0, 2, 0, 0]])
ATTENTION = torch.tensor([[1, 1, 1, 1, 1, 1, 0]])


def test_a_reason_is_visible_to_itself_alone():
    allowed = visible(SEGMENTS, ATTENTION, torch.float32)[0, 0] == 0
    seen = [[key for key in range(7) if allowed[query, key]] for query in range(7)]
    assert seen == [[0], [0, 1], [0, 1, 2], [0, 3], [0, 3, 4], [0, 3, 5], [0, 3, 5, 6]]


def test_positions_skip_hidden_reasons():
    positions = torch.arange(7) - skipped(SEGMENTS)
    assert positions.tolist() == [[0, 1, 2, 1, 2, 2, 3]]
    assert skipped(torch.tensor([[1, 1, 2, 0]])).tolist() == [[0, 0, 2, 3]]  # two reasons side by side


def test_without_reasons_it_is_plain_causal_attention():
    none = torch.zeros(1, 4, dtype=torch.long)
    mask = visible(none, torch.ones(1, 4), torch.float32)[0, 0]
    assert torch.equal(mask == 0, torch.ones(4, 4, dtype=torch.bool).tril())
    assert skipped(none).sum() == 0
