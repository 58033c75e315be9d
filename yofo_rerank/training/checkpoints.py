"""Finding the checkpoint to resume from, and putting a finished folder in place in one step."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yofo_rerank.errors import ConfigError

logger = logging.getLogger(__name__)


def newest_checkpoint(output_dir: Path) -> Path | None:
    """The complete checkpoint with the most steps; one cut short by a crash is passed over."""
    numbered = [
        (int(match[1]), path) for path in output_dir.glob("checkpoint-*") if (match := _STEP.fullmatch(path.name))
    ]
    for _, path in sorted(numbered, reverse=True):
        if _is_complete(path):
            return path
        logger.warning("%s is incomplete, trying an older checkpoint", path)
    return None


def checkpoint_to_resume(resume: str, output_dir: Path) -> Path | None:
    """What `resume` asks for: `auto`, `never`, or a folder."""
    if resume == "never":
        return None
    if resume == "auto":
        return newest_checkpoint(output_dir)
    path = Path(resume)
    if not _is_complete(path):
        raise ConfigError(f"resume: wanted 'auto', 'never' or a complete checkpoint folder, but got {resume!r}")
    return path


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on success it takes the place of `folder`, on error `folder` is untouched."""
    fresh = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(old)
    fresh.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


_STEP = re.compile(r"checkpoint-(\d+)")


def _is_complete(path: Path) -> bool:
    """The trainer's state is the last file that a checkpoint gets."""
    try:
        return "global_step" in json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
