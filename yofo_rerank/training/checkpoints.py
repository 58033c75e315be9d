"""Checkpoints that can be trusted: digests beside the files, and the newest good one to resume from."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.sources import file_digest

logger = logging.getLogger(__name__)

DIGESTS = "digests.json"
STATE = "trainer_state.json"
_STEP = re.compile(r"checkpoint-(\d+)")


def write_digests(checkpoint: Path) -> None:
    """Note what every file of a complete checkpoint holds, so that damage shows before it is resumed from."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != DIGESTS)
    digests = {path.relative_to(checkpoint).as_posix(): file_digest(path) for path in files}
    (checkpoint / DIGESTS).write_text(json.dumps(digests, indent=1), encoding="utf-8")


def checkpoint_to_resume(resume: str, output_dir: Path) -> Path | None:
    """What `resume` asks for: `auto` (the newest good one), `never`, or a folder.

    Raises:
        ConfigError: a folder that is no good checkpoint; says why.
    """
    if resume == "never":
        return None
    if resume == "auto":
        return newest_checkpoint(output_dir)
    if problem := _problem(Path(resume)):
        raise ConfigError(
            f"resume: wanted 'auto', 'never' or a complete checkpoint folder, but got {resume!r}: {problem}"
        )
    return Path(resume)


def newest_checkpoint(output_dir: Path) -> Path | None:
    """The good checkpoint with the most steps; one warning names those that were passed over."""
    numbered = [
        (int(match[1]), path) for path in output_dir.glob("checkpoint-*") if (match := _STEP.fullmatch(path.name))
    ]
    damaged: list[str] = []
    good = None
    for _, path in sorted(numbered, reverse=True):
        problem = _problem(path)
        if problem is None:
            good = path
            break
        damaged.append(f"{path.name} ({problem})")
    if damaged:
        start = f"going on from {good.name}" if good else "starting from the beginning"
        logger.warning("%s: %s cannot be resumed from; %s", output_dir, ", ".join(damaged), start)
    return good


def steps_done(checkpoint: Path) -> int:
    """Optimiser steps behind a good checkpoint."""
    return int(json.loads((checkpoint / STATE).read_text(encoding="utf-8"))["global_step"])


def _problem(checkpoint: Path) -> str | None:
    """Why it cannot be resumed from; None if it can. The trainer's state is the last file that a checkpoint gets."""
    try:
        if "global_step" not in json.loads((checkpoint / STATE).read_text(encoding="utf-8")):
            return f"{STATE} names no step"
        if not (checkpoint / DIGESTS).is_file():  # stopped between state and digests: complete
            return None
        digests = json.loads((checkpoint / DIGESTS).read_text(encoding="utf-8"))
        for name, digest in digests.items():
            if not (checkpoint / name).is_file():
                return f"{name} is missing"
            if file_digest(checkpoint / name) != digest:
                return f"{name} is damaged"
    except OSError as error:
        return f"{Path(error.filename or checkpoint).name} cannot be read"
    except (AttributeError, TypeError, ValueError):
        return f"{STATE} or {DIGESTS} is damaged"
    return None
