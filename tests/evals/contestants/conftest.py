"""A few pictures with the frozen tower's real features, drawn once."""

import pytest
import torch

from evals.contestants.pictures import make_pictures


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("contestants")


@pytest.fixture(scope="session")
def pictures(folder):
    torch.set_num_threads(1)
    return make_pictures(folder / "pictures", 40)
