"""How a catalogue on Ray scales on this machine: two real judges on two cores, and many that sleep like a GPU.

python -m evals.bench.ray_scaling
python -m evals.bench.ray_scaling --actors 1 --actors 4 --no-judge

What a process needs to start is left out: work begins when all actors are there, and its last part does not count. The
overhead of a document is the time of an actor that it takes beyond the judge's own: an actor waits for its next batch,
or hands one on.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.pacing import NotedJudge, SleepingJudge, busy_window, documents_between, read_notes
from evals.record import RESULTS, command, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.judging import Judge
from yofo_rerank.mini import sample_catalog
from yofo_rerank.scale.partitions import listed
from yofo_rerank.scale.pool import Pool, connected
from yofo_rerank.scale.stream import whole_partitions

REQUIREMENTS = ("is a dress", "is pink", "has a hood", "is striped")
PARTITION = 32


def main(
    actors: Annotated[list[int] | None, typer.Option(help="actors that sleep, ...")] = None,
    seconds: Annotated[float, typer.Option(help="of a sleeping judge, a document")] = 0.05,
    calls: Annotated[int, typer.Option(help="batches of each actor, about")] = 24,
    batch: Annotated[int, typer.Option(help="documents of a batch")] = 8,
    judge: Annotated[bool, typer.Option(help="measure the embedded judge on two cores, too")] = True,
    documents: Annotated[int, typer.Option(help="of the embedded judge's runs, for each actor")] = 400,
    rounds: Annotated[int, typer.Option(help="of the embedded judge's runs")] = 2,
    out: Annotated[Path, typer.Option()] = RESULTS / "ray_scaling.json",
) -> None:
    """Measure, print and record."""
    settings = {"seconds": seconds, "calls": calls, "batch": batch, "documents": documents, "rounds": rounds}
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0], "sleeping": {}}
    with connected("local", num_cpus=2, object_store_memory=300_000_000):
        if judge:
            figures["two_cores"] = two_cores(documents, rounds, batch)
        for count in actors or [1, 8, 16, 32, 64]:
            figures["sleeping"][str(count)] = sleeping(count, seconds, calls, batch)
            figures["load_after"] = os.getloadavg()[0]
            write_record(out, settings=settings, figures=figures)  # a later count may not fit the machine
            out.with_suffix(".md").write_text(markdown(figures), encoding="utf-8")
    rows = [(name, *one.values()) for name, one in figures["sleeping"].items()]
    print_table("Judges that sleep", ["actors", *next(iter(figures["sleeping"].values()))], rows)
    if judge:
        print_table("The embedded judge", ["", "value"], list(figures["two_cores"].items()))


def markdown(figures: dict[str, Any]) -> str:
    """The tables as a document includes them."""
    lines = [f"| actors (`{command()}`) | documents/s | efficiency | overhead of a document |", "|---|---|---|---|"]
    for actors, one in figures["sleeping"].items():
        overhead = f"{one['overhead_ms']:.1f} ms"
        lines.append(f"| {actors} | {one['documents_per_second']:.0f} | {one['efficiency']:.0%} | {overhead} |")
    if "two_cores" in figures:
        both = figures["two_cores"]
        speeds = (f"{max(both[name]):.0f}" for name in ("one_per_second", "two_per_second"))
        lines += ["", "The embedded judge: {} documents/s by one actor, {} by two".format(*speeds)]
        lines[-1] += f": efficiency {both['efficiency']:.0%}."
    return "\n".join(lines) + "\n"


def sleeping(actors: int, seconds: float, calls: int, batch: int) -> dict[str, float]:
    """Documents per second, the share of an actor's time that it judges, and the overhead of a document."""
    wanted = [Document(text=f"a dress number {number}") for number in range(actors * calls * batch)]
    per_second = rate(SleepingJudge(seconds), wanted, Pool(actors, actors, num_cpus=0.01, batch_size=batch))
    share = per_second * seconds / actors
    return {
        "documents_per_second": per_second,
        "efficiency": share,
        "overhead_ms": 1000 * (actors / per_second - seconds),
    }


def two_cores(documents: int, rounds: int, batch: int) -> dict[str, Any]:
    """One actor against two, in turn; the best round of each counts, since others use the machine too."""
    drawn = [document for document, _ in sample_catalog(2 * documents, seed=5)]
    judge = YofoJudge.from_pretrained("mini", device="cpu", verdicts=False)
    one, two = [], []
    for _ in range(rounds):
        one.append(rate(judge, drawn[:documents], Pool(1, 1, num_cpus=0.9, decode_cpus=0.1, batch_size=batch)))
        two.append(rate(judge, drawn, Pool(2, 2, num_cpus=0.9, decode_cpus=0.1, batch_size=batch)))
    return {
        "one_per_second": one,
        "two_per_second": two,
        "efficiency": max(two) / (2 * max(one)),
    }


def rate(judge: Judge, documents: list[Document], pool: Pool) -> float:
    """Documents per second, from the first call to when nearly all are judged; see `busy_window`."""
    from ray.data import DataContext

    DataContext.get_current().wait_for_min_actors_s = 600  # nobody begins before all are there
    with tempfile.TemporaryDirectory() as folder:
        noted = NotedJudge(judge, Path(folder))
        for _ in whole_partitions(listed(documents, PARTITION), noted, REQUIREMENTS, pool=pool):
            pass
        notes = read_notes(Path(folder))
    start, end = busy_window(notes)
    return documents_between(notes, start, end) / (end - start)


if __name__ == "__main__":
    typer.run(main)
