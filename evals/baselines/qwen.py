"""Rerankers of the Qwen family, as prompt formats and readouts of the slot model."""

from __future__ import annotations

from evals.baselines.record import Baseline

RECORDS: tuple[Baseline, ...] = ()
