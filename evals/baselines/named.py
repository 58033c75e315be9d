"""The baselines that the project was asked to compare with: CLIP, SigLIP 2, BLIP-2, Jina."""

from __future__ import annotations

from evals.baselines.record import Baseline

RECORDS: tuple[Baseline, ...] = ()
