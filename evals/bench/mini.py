"""How fast the embedded judge is, and what one pass for all requirements and kept prefix states are worth.

python -m evals.bench.mini
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.clock import middle, peak_memory, seconds
from evals.opening import open_judge
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini.catalog import sample_catalog

REQUIREMENTS = (
    "midi or long", "not pink", "for an evening event", "a dress", "without a belt",
    "with pockets", "striped", "long sleeves", "made of cotton", "not hooded",
)  # fmt: skip
COLD_SEED = 9100
CANDIDATE_REQUIREMENTS = 5


def measure_candidates(judge: YofoJudge, n_documents: int, repeats: int) -> dict[str, Any]:
    """Judging candidates never seen before, and the same ones again for other requirements."""
    first, other = REQUIREMENTS[:CANDIDATE_REQUIREMENTS], REQUIREMENTS[CANDIDATE_REQUIREMENTS:]
    cold, cached, passes = [], [], []
    for repeat in range(repeats):
        documents = fresh_documents(n_documents, repeat)
        before = judge.stats.forward_passes
        cold.append(seconds(judge.judge, documents, first))
        between = judge.stats.forward_passes
        cached.append(seconds(judge.judge, documents, other))
        passes.append((between - before, judge.stats.forward_passes - between))
    return {
        "documents": n_documents,
        "requirements": CANDIDATE_REQUIREMENTS,
        "cold_seconds": middle(cold),
        "cached_seconds": middle(cached),
        "forward_passes_cold": passes[0][0],
        "forward_passes_cached": passes[0][1],
    }


def measure_one_pass(plain: YofoJudge, caching: YofoJudge, n_documents: int, repeats: int) -> dict[str, Any]:
    """All requirements in one pass against one pass for each, without kept prefix states and with them."""
    one, each, one_cached, each_cached = [], [], [], []
    for repeat in range(repeats):
        documents = fresh_documents(n_documents, repeat)
        one.append(seconds(plain.judge, documents, REQUIREMENTS))
        each.append(sum(seconds(plain.judge, documents, [text]) for text in REQUIREMENTS))
        caching.judge(documents, REQUIREMENTS[:1])  # now every prefix state is there
        one_cached.append(seconds(caching.judge, documents, REQUIREMENTS))
        each_cached.append(sum(seconds(caching.judge, documents, [text]) for text in REQUIREMENTS))
    found = {
        "one_pass": middle(one),
        "pass_per_requirement": middle(each),
        "one_pass_cached": middle(one_cached),
        "pass_per_requirement_cached": middle(each_cached),
    }
    medians = {name: times["median"] for name, times in found.items()}
    return {
        "documents": n_documents,
        "requirements": len(REQUIREMENTS),
        "seconds": found,
        "ratio": medians["pass_per_requirement"] / medians["one_pass"],
        "ratio_cached": medians["pass_per_requirement_cached"] / medians["one_pass_cached"],
        "cold_to_cached": medians["one_pass"] / medians["one_pass_cached"],
    }


def fresh_documents(n: int, repeat: int) -> list[Document]:
    """Pictures that no judge has seen in this run."""
    return [document for document, _ in sample_catalog(n, COLD_SEED + repeat)]


def print_figures(figures: dict[str, Any]) -> None:
    """The tables."""
    found, one = figures["candidates"], figures["one_pass"]
    print_table(
        f"{found['documents']} candidates x {found['requirements']} requirements",
        ("", "seconds (median)", "forward passes", "target"),
        [
            ("cold", found["cold_seconds"]["median"], found["forward_passes_cold"], "<= 3 s"),
            ("prefix states cached", found["cached_seconds"]["median"], found["forward_passes_cached"], "<= 1 s"),
        ],
    )
    timed = {name: times["median"] for name, times in one["seconds"].items()}
    print_table(
        f"{one['documents']} documents x {one['requirements']} requirements, seconds (median)",
        ("", "one pass", "pass per requirement", "ratio"),
        [
            ("nothing kept", timed["one_pass"], timed["pass_per_requirement"], one["ratio"]),
            ("prefix states kept", timed["one_pass_cached"], timed["pass_per_requirement_cached"], one["ratio_cached"]),
        ],
    )


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder, a hub id, or untrained")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="candidates")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="each with pictures never seen")] = 3,
    threads: Annotated[int, typer.Option(min=0, help="torch threads; 0 leaves them as they are")] = 0,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_mini.json",
) -> None:
    """Measure the speed of the embedded judge."""
    import torch

    if threads:
        torch.set_num_threads(threads)
    caching, plain = open_judge(model), open_judge(model, cache_bytes=0)
    for judge in (caching, plain):
        judge.judge(fresh_documents(4, -1), REQUIREMENTS)  # loads the model
    figures = {
        "candidates": measure_candidates(caching, documents, repeats),
        "one_pass": measure_one_pass(plain, caching, documents, repeats),
        "peak_memory_gib": (peak_memory() or 0) / 2**30,
    }
    print_figures(figures)
    settings = {"model": model, "documents": documents, "repeats": repeats, "threads": torch.get_num_threads()}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
