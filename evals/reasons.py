"""What training and post-hoc reasons bring: base, YOFO, YOFO with reasons (the paper's table 3).

    python -m evals.contestants --train yofo,yofo-reasons
    python -m evals.reasons

The base of mini was trained by judging statements, so that it is no bare model as the paper's is.
"""

from __future__ import annotations

import typer

from evals.ablations import make_program
from evals.contestants.scorers import BASE, SHIPPED, ZERO_SHOT
from evals.record import RESULTS

NAMES = {
    "base, zero-shot": ZERO_SHOT,
    "base": BASE,
    "yofo": "yofo",
    "yofo + reasons": "yofo-reasons",
    "yofo, as shipped": SHIPPED,
}
main = make_program(NAMES, against="yofo", title="Training and post-hoc reasons", record=RESULTS / "reasons.json")


if __name__ == "__main__":
    typer.run(main)
