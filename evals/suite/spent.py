"""How long a step took over all runs of the suite that it needed: one that was stopped goes on, and its time counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evals.record import mini_weights
from evals.run_file import RUNS

PATH = Path(__file__).parents[2] / RUNS / "suite.json"


def spent(name: str, *, finished: bool) -> float:
    """Seconds of the runs so far; of a step that was finished, if `finished`, and else of one that was not.

    What was spent before there were these embedded weights is not counted: everything is made anew for them.
    """
    found = _of(name)
    return float(found["seconds"]) if found and found["finished"] == finished else 0.0


def spent_before(name: str) -> float:
    """Seconds of the runs before the one that finished the step: what its record does not know."""
    found = _of(name)
    return float(found["before"]) if found and found["finished"] else 0.0


def keep(name: str, seconds: float, *, before: float, finished: bool) -> None:
    """Write down what was spent on a step until now, and how much of it before its last run."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    found = _read() | {name: {"seconds": seconds, "before": before, "finished": finished, "mini": mini_weights()}}
    part = PATH.with_suffix(".part")
    part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    part.replace(PATH)


def _of(name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = _read().get(name)
    return found if found and found["mini"] == mini_weights() else None


def _read() -> dict[str, Any]:
    if not PATH.exists():
        return {}
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found
