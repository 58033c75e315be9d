"""What every program here does at its end: write its figures as JSON with their origin, and print them as a table."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from yofo_rerank import __version__
from yofo_rerank.mini.weights import WEIGHTS, weights_folder

RESULTS = Path(__file__).parent / "results"
WRITTEN = ("evals/results", "*.md")
# What a figure may depend on: a file that git does not know is a change of it, too.
CODE = ("yofo_rerank", "integrations", "evals", "tests/decompose/sentences", "tests/attack")
WIDTH = 160
PACKAGES = (
    "torch", "transformers", "peft", "open-clip-torch", "sentence-transformers", "faiss-cpu",
    "mteb", "ir-measures", "numpy",
)  # fmt: skip


def write_record(path: Path, *, settings: dict[str, Any], figures: dict[str, Any]) -> Path:
    """Write one run: `about` says where it came from, `settings` what was asked, `figures` what was found.

    The same settings give the same figures, apart from times; `about` alone changes from run to run.
    `settings` says how often it was done (`repeats`, 1 unless given).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"about": provenance(), "settings": {"repeats": 1} | settings, "figures": figures}
    path.write_text(json.dumps(_plain(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def provenance() -> dict[str, Any]:
    """Command, commit, date, seconds so far, embedded weights, versions and machine."""
    return {
        "command": command(),
        **ORIGIN,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": time.monotonic() - STARTED,
        "python": platform.python_version(),
        "mini": mini_weights(),
        "versions": {"yofo-rerank": __version__} | {name: _version(name) for name in PACKAGES},
        "cpu": _cpu(),
        "cpu_count": os.cpu_count(),
    }


@cache
def mini_weights() -> str:
    """Which embedded weights these are: a digest of judge and first stage."""
    digest = hashlib.sha256()
    for name in WEIGHTS:
        for path in sorted(weights_folder(name).glob("*.safetensors")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def command() -> str:
    """The command line that repeats this run from the repository root, with paths of this machine by name alone."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"python -m {module.name.removesuffix('.__main__')}" if module else Path(sys.argv[0]).name
    return shlex.join([*program.split(), *map(_without_folders, sys.argv[1:])])


def _without_folders(argument: str) -> str:
    """A path from the root by its last part: a record is read by others, and where it was made is of no use to them."""
    option, equals, value = argument.rpartition("=")
    return f"{option}{equals}{Path(value).name}" if Path(value).is_absolute() else argument


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str = "") -> None:
    """Print rows on stdout; the first column is text, the others are numbers."""
    table = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    for position, column in enumerate(columns):
        table.add_column(column, justify="right" if position else "left")
    for row in rows:
        table.add_row(*(_shown(cell) for cell in row))
    console = Console()
    console.width = console.width if console.is_terminal else WIDTH  # a log file has room
    console.print(table)


def _shown(cell: Any) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _plain(value: Any) -> Any:
    """JSON types, with floats short enough to read and to compare in a diff."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return str(value) if isinstance(value, Path) else value


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):  # no git, no repository, or nothing committed yet
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _origin() -> dict[str, Any]:
    """Commit, and whether the tree differs from it; what programs write, records and pages, is no difference.

    Files that git does not know are none either, but for those among the code.
    """
    written = [f":(exclude,top){path}" for path in WRITTEN]
    return {
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(
            _git("status", "--porcelain", "--untracked-files=no", "--", ":/", *written)
            or _git("status", "--porcelain", "--", *(f":/{path}" for path in CODE), *written)
        ),
    }


STARTED = time.monotonic()
ORIGIN = _origin()  # of the code that was imported, whatever is written or edited until the end of the run
