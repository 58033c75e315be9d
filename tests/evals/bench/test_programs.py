"""Every program that measures can be started: what it imports is there."""

import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[3] / "evals" / "bench"


@pytest.mark.parametrize("name", sorted(path.stem for path in BENCH.glob("*.py") if path.stem[0] != "_"))
def test_a_program_can_be_started(name):
    if name.startswith("ray_"):
        pytest.importorskip("ray", reason="the extra `ray`")
    assert importlib.import_module(f"evals.bench.{name}").__doc__
