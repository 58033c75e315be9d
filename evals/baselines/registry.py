"""All baselines by name, gathered from the records of each group."""

from __future__ import annotations

from importlib import import_module

from evals.baselines.record import Baseline
from yofo_rerank.errors import ConfigError

GROUPS = ("named", "qwen", "installed", "isolating", "contestants", "floors")  # modules here, each with its RECORDS


def baselines() -> dict[str, Baseline]:
    """Every record by its name, in the order of the groups."""
    records = [record for group in GROUPS for record in import_module(f"evals.baselines.{group}").RECORDS]
    return {record.name: record for record in records}


def get_baseline(name: str) -> Baseline:
    """The record of this name.

    Raises:
        ConfigError: unknown; names the known ones.
    """
    known = baselines()
    if name not in known:
        raise ConfigError(f"unknown baseline {name!r}; known are {', '.join(known)}")
    return known[name]
