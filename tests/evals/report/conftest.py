"""Records of every kind, made up, and a folder that holds them."""

import json
from dataclasses import asdict

import pytest

from evals.figures.records import Records
from yofo_rerank.mini.catalog import sample_garments

ABOUT = {
    "command": "python -m evals.pairs", "commit": "c" * 40, "uncommitted_changes": False, "date": "2026-01-02T03:04:05+00:00",
    "seconds": 12.3, "python": "3.11.7", "versions": {"yofo-rerank": "0.2.0", "torch": "2.9"}, "cpu": "a <cpu>", "cpu_count": 2,
}  # fmt: skip


def estimate(mean):
    return {"mean": mean, "low": mean * 0.9, "high": mean * 1.1, "n": 500}


def record(figures, **settings):
    return {"about": ABOUT, "settings": {"repeats": 3} | settings, "figures": figures}
