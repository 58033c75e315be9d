"""The same backbone and weights asked in other ways, which isolates the idea."""

from __future__ import annotations

from evals.baselines.record import Baseline

RECORDS: tuple[Baseline, ...] = ()
