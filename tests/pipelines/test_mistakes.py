"""Each program ends with an error line, never a traceback, for what a user gets wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FASHION, HAYSTACK, LLAMA_INDEX = "fashion_search.py", "haystack_shop.py", "llama_index_shop.py"
INSTALLED = {HAYSTACK: find_spec("haystack") is not None, LLAMA_INDEX: find_spec("llama_index") is not None}


def run(program, *arguments, cwd, without=()):
    """Exit code and the last line on stderr, of a process of its own; `without` packages, as if not installed."""
    path = ROOT / "pipelines" / program
    code = (
        "import runpy, sys\n"
        f"for name in {list(without)!r}: sys.modules[name] = None\n"
        f"sys.argv = {[str(path), *map(str, arguments)]!r}\n"
        f"runpy.run_path({str(path)!r}, run_name='__main__')"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'integrations'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=300
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("program", "arguments", "code", "reason"),
    [
        (FASHION, [" "], 2, "error: the query is blank"),
        (FASHION, ["red", "--encoder", "a", "b", "c"], 2, "error: --encoder takes a name and a pretrained tag"),
        (FASHION, ["red", "--encoder", "bogus", "tag"], 1, "bogus"),
        (FASHION, ["red", "--images", "nowhere"], 1, "nowhere"),
        (HAYSTACK, ["red", "--index", "nowhere"], 1, "nowhere"),
        (HAYSTACK, [" ", "--index", "nowhere"], 1, "error: "),
        (HAYSTACK, ["red", "--yaml", "nowhere.yaml"], 1, "nowhere.yaml"),
        (LLAMA_INDEX, ["red", "--index", "nowhere"], 1, "nowhere"),
        (LLAMA_INDEX, ["red", "--top-n", "0"], 2, "--top-n"),
        (LLAMA_INDEX, ["red", "--candidates", "x"], 2, "--candidates"),
    ],
)
def test_a_mistake_is_one_line(program, arguments, code, reason, tmp_path):
    if not INSTALLED.get(program, True):
        pytest.skip("the framework is not installed")
    got, line = run(program, *arguments, cwd=tmp_path)
    assert got == code
    assert "error: " in line and reason in line


@pytest.mark.parametrize(
    ("program", "package"), [(HAYSTACK, "haystack"), (LLAMA_INDEX, "llama_index.core"), (FASHION, "open_clip")]
)
def test_a_missing_package_is_one_line(program, package, tmp_path):
    code, line = run(program, "red", cwd=tmp_path, without=[package])
    assert code == 1
    assert line.startswith("error: ") and package.partition(".")[0] in line
