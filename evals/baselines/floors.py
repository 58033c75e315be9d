"""Floors: no reranking, random."""

from __future__ import annotations

from evals.baselines.record import Baseline

RECORDS: tuple[Baseline, ...] = ()
