"""States small enough to count."""

import pytest
import torch

from yofo_rerank.models.states import PrefixState


@pytest.fixture(scope="session")
def make_state():
    """`make_state(tokens, seed)`: 16 bytes a token, 2 layers of 1 head of width 1."""

    def make(tokens=4, seed=0, dtype=torch.float32):
        generator = torch.Generator().manual_seed(seed)
        return PrefixState(torch.randn(2, 2, 1, tokens, 1, generator=generator).to(dtype), tokens + seed)

    return make
