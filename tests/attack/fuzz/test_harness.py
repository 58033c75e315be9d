"""The fuzzing harness runs, for every entry that it can feed, where Atheris is installed."""

import subprocess
import sys

import pytest

from tests.attack.every import ENTRIES

pytest.importorskip("atheris", reason='Atheris is not installed here: pip install "yofo-rerank[fuzz]"')


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES if entry.from_bytes is not None])
def test_some_runs(name):
    command = [sys.executable, "-W", "ignore", "-m", "tests.attack.fuzz.harness", name, "-runs=300", "-seed=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert "Done 300 runs" in done.stderr
