"""The rank of LoRA: 8, 32, 64, 128 with the same, short budget each (the paper's table 4).

python -m evals.contestants --train yofo-rank-8,yofo-rank-32,yofo-rank-64,yofo-rank-128
python -m evals.ranks
"""

from __future__ import annotations

import typer

from evals.ablations import make_program
from evals.record import RESULTS

NAMES = {f"rank {rank}": f"yofo-rank-{rank}" for rank in (8, 32, 64, 128)}
main = make_program(NAMES, against="rank 64", title="Rank of LoRA", record=RESULTS / "ranks.json")


if __name__ == "__main__":
    typer.run(main)
