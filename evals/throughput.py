"""Verdicts and pairs a second: all requirements in one pass against what people do instead (the paper's table 1).

    python -m evals.contestants --train all
    python -m evals.throughput

One process, one thread; every round shows every contestant the same pictures, which none has seen, in turn. Counted is
processor time, so that other programs of the machine matter little; the fastest round counts, and ratios are of those.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from evals.baselines.registry import get_baseline
from evals.bench.cross_encoder import open_peer
from evals.bench.mini import REQUIREMENTS, fresh_documents
from evals.contestants.generated import Form, GeneratingJudge
from evals.contestants.recipes import RUNS, trained_as
from evals.contestants.scorers import forget_pictures
from evals.program import MISSING
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import ConfigError, MissingExtra

Run = Callable[[Sequence[Document]], Any]
ROUNDS_FROM = 20_000  # numbers of rounds, far from those of other benchmarks: fresh pictures
OURS, EACH, EACH_KEPT = "yofo", "one requirement per pass", "one requirement per pass, states kept"
GENERATED: dict[str, Form] = {  # shortest first
    "generated verdicts, a list": "list",
    "generated verdicts, by number": "numbers",
    "generated verdicts, by text": "texts",
}
CROSS_ENCODER = "CrossEncoder, one score"
ONE_SCORE = ("clip-style", "siglip-style", "blip2-itm-style", "jina-style", "whole-query-style")
TARGETS = {EACH: 5.0} | dict.fromkeys(GENERATED, 10.0)


def open_runs(folder: Path) -> tuple[dict[str, Run], list[dict[str, str]]]:
    """What each contestant does with some documents; those with verdicts first."""
    texts = list(REQUIREMENTS)
    plain = YofoJudge.from_pretrained("mini", cache_bytes=0, verdicts=False)
    keeping = YofoJudge.from_pretrained("mini", verdicts=False)
    writers = {name: GeneratingJudge(form) for name, form in GENERATED.items()}
    runs: dict[str, Run] = {
        OURS: lambda documents: plain.judge(documents, texts),
        EACH: lambda documents: [plain.judge(documents, [text]) for text in texts],
        EACH_KEPT: lambda documents: [keeping.judge(documents, [text]) for text in texts],
    } | {
        name: lambda documents, writer=writer: writer.judge(documents, texts)  # type: ignore[misc]
        for name, writer in writers.items()
    }  # fmt: skip
    sentence, missing = ", ".join(texts), []
    for name in ONE_SCORE:
        try:
            trained_as(name, folder)
            runs[name] = _scoring(get_baseline(name).load(str(folder)), sentence)
        except ConfigError as error:
            missing.append({"name": name, "reason": str(error)})
    try:
        peer = open_peer()
        runs[CROSS_ENCODER] = lambda documents: peer.score(documents, sentence)
    except MissingExtra as error:
        missing.append({"name": CROSS_ENCODER, "reason": str(error)})
    return runs, missing


def _scoring(scorer: Any, sentence: str) -> Run:
    def run(documents: Sequence[Document]) -> Any:
        forget_pictures()  # they are shared between contestants
        return scorer.score(sentence, documents)

    return run


def measure(runs: dict[str, Run], n_documents: int, repeats: int) -> dict[str, list[float]]:
    """Processor seconds of every round of every contestant."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    warm_up = fresh_documents(2, ROUNDS_FROM - 1)
    for run in runs.values():
        run(warm_up)
    for repeat in range(repeats):
        documents = fresh_documents(n_documents, ROUNDS_FROM + repeat)
        for name, run in runs.items():
            started = time.process_time()
            run(documents)
            took[name].append(time.process_time() - started)
    return took


def figures_of(took: dict[str, list[float]], n_documents: int, n_requirements: int) -> dict[str, Any]:
    """Speeds, and how many times as fast YOFO is: by verdicts where there are verdicts, else by pairs.

    >>> found = figures_of({"yofo": [1.0], "one requirement per pass": [6.0]}, 10, 10)
    >>> found["contestants"]["one requirement per pass"]["ratio"], found["targets"]["one requirement per pass"]["met"]
    (6.0, True)
    """
    least = {name: min(times) for name, times in took.items()}
    contestants = {
        name: {
            "pairs_per_second": n_documents / seconds,
            "verdicts_per_second": None if _one_score(name) else n_documents * n_requirements / seconds,
            "ratio": seconds / least[OURS],
            "ratios": [one / ours for one, ours in zip(took[name], took[OURS], strict=True)],
            "processor_seconds": took[name],
            "single_score": _one_score(name),
            "licence": "apache-2.0",
        }
        for name, seconds in least.items()
    }
    slower = {name: least[name] / least[OURS] for name in TARGETS if name in least}
    targets = {
        name: {"value": value, "wanted": TARGETS[name], "met": value >= TARGETS[name]} for name, value in slower.items()
    }
    return {"contestants": contestants, "targets": targets}


def _one_score(name: str) -> bool:
    return name in ONE_SCORE or name == CROSS_ENCODER


def print_figures(figures: dict[str, Any]) -> None:
    """One table."""
    print_table(
        "Throughput on one thread",
        ("contestant", "pairs/s", "verdicts/s", "yofo is so many times as fast", "target"),
        [
            (name, one["pairs_per_second"], one["verdicts_per_second"], one["ratio"], TARGETS.get(name))
            for name, one in figures["contestants"].items()
        ],
    )
    for one in figures["missing"]:
        typer.echo(f"missing: {one['name']}: {one['reason']}")


def main(
    documents: Annotated[int, typer.Option("--documents", "--limit", min=1, help="pictures of a round")] = 32,
    repeats: Annotated[int, typer.Option(min=1, help="rounds, each with pictures never seen")] = 3,
    folder: Annotated[Path, typer.Option(help="of the trained contestants")] = RUNS,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="a contestant not trained is no failure")
    ] = False,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "throughput.json",
) -> None:
    """Measure speed."""
    torch.set_num_threads(1)
    runs, missing = open_runs(folder)
    figures = figures_of(measure(runs, documents, repeats), documents, len(REQUIREMENTS)) | {"missing": missing}
    print_figures(figures)
    settings = {
        "documents": documents, "requirements": len(REQUIREMENTS), "repeats": repeats, "clock": "processor time",
        "threads": 1,
        "generated_tokens": {name: GeneratingJudge(form).new_tokens(REQUIREMENTS) for name, form in GENERATED.items()},
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")
    if missing and not skip_missing:
        raise typer.Exit(MISSING)


if __name__ == "__main__":
    typer.run(main)
