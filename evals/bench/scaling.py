"""What another requirement costs: seconds a search by their number, cold and with prefix states kept.

python -m evals.bench.scaling
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.bench.clock import seconds
from evals.bench.mini import fresh_documents
from evals.opening import open_judge
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.statements import sample_statements

COUNTS = (1, 2, 4, 8, 16)


def draw_requirements(n: int, seed: int) -> list[str]:
    """n different statements of the mini world."""
    rng = random.Random(f"scaling {seed}")
    texts: dict[str, None] = {}
    while len(texts) < n:
        texts |= dict.fromkeys(one.text for one in sample_statements(sample_garment(rng), rng, 8))
    return list(texts)[:n]


def measure(judge: YofoJudge, n_documents: int, repeats: int) -> dict[str, Any]:
    """Percentiles over searches, each with requirements of its own; cold ones with pictures never seen."""
    found: dict[str, Any] = {}
    for count in COUNTS:
        cold, passes = [], 0
        documents: list[Document] = []
        for repeat in range(repeats):
            documents = fresh_documents(n_documents, 100 + repeat + count * repeats)
            before = judge.stats.forward_passes
            cold.append(seconds(judge.judge, documents, draw_requirements(count, repeat)))
            passes = judge.stats.forward_passes - before
        others = [draw_requirements(count, 1000 + repeat) for repeat in range(3 * repeats)]
        cached = [seconds(judge.judge, documents, texts) for texts in others]
        found[str(count)] = {"forward_passes": passes, "cold": percentiles(cold), "cached": percentiles(cached)}
    return found


def percentiles(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile.

    >>> percentiles([1.0, 2.0, 3.0])
    {'p50': 2.0, 'p95': 2.9, 'n': 3}
    """
    return {"p50": float(np.median(values)), "p95": float(np.quantile(values, 0.95)), "n": len(values)}


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder, a hub id, or untrained")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="candidates of a search")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="cold searches for each number of requirements")] = 3,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_scaling.json",
) -> None:
    """Measure searches by their number of requirements."""
    judge = open_judge(model)
    judge.judge(fresh_documents(4, -1), draw_requirements(2, 0))  # loads the model
    figures = measure(judge, documents, repeats)
    print_table(
        f"{documents} candidates, seconds a search",
        ("requirements", "forward passes", "cold p50", "cold p95", "cached p50", "cached p95"),
        [
            (count, one["forward_passes"], *(one[kind][q] for kind in ("cold", "cached") for q in ("p50", "p95")))
            for count, one in figures.items()
        ],
    )
    settings = {"model": model, "documents": documents, "repeats": repeats}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
