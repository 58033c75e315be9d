"""Partitions in a catalogue's folder that its source does not have: refused, or taken away; nothing goes silently.

A picture more or less, a file that was written again, another `size`: each gives partitions other names. What is
written under the earlier ones would be read, and searched, beside what takes its place.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Literal

from yofo_rerank.errors import ConfigError, RetrievalError
from yofo_rerank.scale.addresses import beneath, filesystem
from yofo_rerank.scale.outputs import FOLDER, Output
from yofo_rerank.scale.writing import ABOUT, VECTORS, is_file, names, remove

SHOWN = 3  # names in a message

Stale = Literal["refuse", "remove"]

logger = logging.getLogger(__name__)


def check_stale(stale: str) -> None:
    """Raise ConfigError for a word that is neither."""
    if stale not in ("refuse", "remove"):
        raise ConfigError(f"stale must be 'refuse' or 'remove', but got {stale!r}")


def check_apart(source: str, folder: str) -> None:
    """Raise ConfigError for answers that would lie in their source, and be read as a part of it."""
    (here, path), (there, answers) = filesystem(source), filesystem(folder)
    if here.type_name == there.type_name and f"{answers}/".startswith(f"{path}/"):
        raise ConfigError(f"the answers in {folder} would lie inside their source {source}; wanted another folder")


def clear(folder: str, wanted: Collection[str], stale: Stale, outputs: Sequence[Output]) -> int:
    """How many partitions were taken away.

    Args:
        folder: of a catalogue of these outputs.
        wanted: names of the source's partitions.
        stale: what to do with others.
        outputs: that have them too.

    Raises:
        RetrievalError: code `another_catalogue`.
    """
    answers = names(folder, ".parquet")
    begun = names(beneath(folder, VECTORS), ".parquet") + names(beneath(folder, FOLDER), ".faiss")
    found = sorted({*answers, *begun} - set(wanted))
    if not found:
        return 0
    shown = ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
    if not is_file(beneath(folder, ABOUT)):
        message = f"{folder} holds Parquet files that are no catalogue ({shown}); wanted another folder"
        raise RetrievalError(message, code="another_catalogue")
    if stale == "refuse":
        raise RetrievalError(_refusal(folder, len(found), shown), code="another_catalogue")
    for name in found:
        _remove(folder, name, outputs)
    logger.warning(
        "%d partitions of %s, which the source does not have now, were taken away: %s", len(found), folder, shown
    )
    return len(found)


def _remove(folder: str, name: str, outputs: Sequence[Output]) -> None:
    """The answers first: from then on it is not finished. The vectors last: they tell the next run what is left."""
    remove(beneath(folder, f"{name}.parquet"))
    for output in outputs:
        output.remove(folder, name)
    remove(beneath(folder, VECTORS, f"{name}.parquet"))


def _refusal(folder: str, count: int, shown: str) -> str:
    return (
        f"{folder} holds {count} partitions that the source does not have now ({shown}): its files are others, were "
        "written again, or are cut into others; give another folder, or stale='remove', which takes away those and "
        "judges their documents again"
    )
