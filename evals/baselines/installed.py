"""What people have installed: sentence-transformers and the decision pipeline."""

from __future__ import annotations

from evals.baselines.record import Baseline

RECORDS: tuple[Baseline, ...] = ()
