"""A finished folder takes the place of the one before it; at every moment one of the two is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on success it takes the place of `folder`, on error `folder` is untouched.

    Killed between the two renames, `folder` is under its other name: `recover` brings it back.
    """
    fresh, old = _beside(folder, "new"), _beside(folder, "old")
    recover(folder)
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        for path in [*fresh.rglob("*"), fresh]:
            _sync(path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Put back what a killed `replaced_folder` had moved aside."""
    old = _beside(folder, "old")
    if old.exists() and not folder.exists():
        old.rename(folder)


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _sync(path: Path) -> None:
    """To the disk, so that a power failure after the rename finds whole files."""
    if os.name != "posix":  # elsewhere a file that is open for reading alone cannot be synced
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
