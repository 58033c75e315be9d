"""The embedded judge beside `CrossEncoder` of sentence-transformers, interleaved in one process.

    python -m evals.bench.peers
    python -m evals.bench.restart    # the row at full size: minutes, 6 GiB of memory and 5 GB of disk

Every round shows both of them the same pictures, which neither has seen; the fastest of all rounds counts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.callers import measure_callers
from evals.bench.clock import seconds
from evals.bench.cross_encoder import Peer, at_its_fastest, open_peer
from evals.bench.mini import CANDIDATE_REQUIREMENTS, REQUIREMENTS, fresh_documents
from evals.bench.restart import TARGETS as RESTART_TARGETS
from evals.opening import open_judge
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import MissingExtra

FIRST, OTHER = list(REQUIREMENTS[:CANDIDATE_REQUIREMENTS]), list(REQUIREMENTS[CANDIDATE_REQUIREMENTS:])
CALLERS_ROUND = 10_000  # numbers of rounds of the callers, far from the others
TARGETS = {"one_score": 1.25, "each": 6, "states": 12, "verdicts": 100, "callers": 3}


def measure(judge: YofoJudge, peer: Peer | None, n_documents: int, repeats: int) -> dict[str, Any]:
    """Seconds of every round by what was done."""
    took: dict[str, list[float]] = {name: [] for name in ("cold", "states", "verdicts", "one_score", "each")}
    for repeat in range(repeats):
        documents = fresh_documents(n_documents, repeat)
        took["cold"].append(seconds(judge.judge, documents, FIRST))
        if peer is not None:
            took["one_score"].append(seconds(peer.score, documents, ", ".join(FIRST)))
        took["states"].append(seconds(judge.judge, documents, OTHER))
        took["verdicts"].append(seconds(judge.judge, documents, FIRST))
        if peer is not None:
            took["each"].append(seconds(peer.score_each, documents, FIRST))
    return {name: {"min": min(times), "all": times} for name, times in took.items() if times}


def ratios(timed: dict[str, Any]) -> dict[str, float]:
    """How many times faster the judge is, by the row of the table; empty without the peer.

    >>> one = {"min": 1.0}
    >>> ratios({"cold": {"min": 2.0}, "states": one, "verdicts": one, "one_score": one, "each": {"min": 6.0}})["each"]
    3.0
    """
    if "one_score" not in timed:
        return {}
    least = {name: times["min"] for name, times in timed.items()}
    return {
        "one_score": least["one_score"] / least["cold"],
        "each": least["each"] / least["cold"],
        "states": least["one_score"] / least["states"],
        "verdicts": least["one_score"] / least["verdicts"],
    }


def rows(figures: dict[str, Any], restart: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The table: what was compared, our seconds, the other's, ratio, target."""
    least = {name: times["min"] for name, times in figures["seconds"].items()}
    names = (
        ("one_score", "cold, against one score per document", "cold", "one_score"),
        ("each", "cold, against one score per requirement", "cold", "each"),
        ("states", "prefix states kept, against one score", "states", "one_score"),
        ("verdicts", "verdicts kept, against one score", "verdicts", "one_score"),
    )
    found: list[tuple[Any, ...]] = [
        (title, least[ours], least.get(theirs), figures["ratios"].get(name), f">= {TARGETS[name]}")
        for name, title, ours, theirs in names
    ]
    for name, callers in figures["callers"].items():
        title = f"{callers['callers']} callers at once, against one after another: {name}"
        took = (min(callers["at_once_seconds"]), min(callers["one_after_another_seconds"]))
        found.append((title, *took, callers["ratio"], f">= {TARGETS['callers']}"))
    for shape, target in RESTART_TARGETS.items():
        one = restart.get(shape)
        times = (one["disk_seconds"]["min"], one["cold_seconds"]["min"], one["ratio"]) if one else (None, None, None)
        found.append((f"{shape}, first query after a restart, against cold", *times, f">= {target}"))
    return found


def load_restart(path: Path) -> dict[str, Any]:
    """The figures of `evals.bench.restart`, by shape; empty where it has not run."""
    return json.loads(path.read_text(encoding="utf-8"))["figures"] if path.is_file() else {}


def main(
    documents: Annotated[int, typer.Option(min=1, help="candidates")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="rounds, each with pictures never seen")] = 5,
    callers: Annotated[int, typer.Option(min=1, help="of one judge, at once")] = 32,
    caller_repeats: Annotated[int, typer.Option(min=1, help="rounds of the callers")] = 2,
    restart: Annotated[Path, typer.Option(help="JSON of evals.bench.restart")] = RESULTS / "bench_restart.json",
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_peers.json",
) -> None:
    """Measure the embedded judge beside its peer."""
    import torch

    judge, peer = open_judge("mini", verdicts=True), None
    warm_up: list[Document] = fresh_documents(documents, -1)
    judge.judge(warm_up, FIRST)  # loads the model
    try:
        peer = at_its_fastest(open_peer(), warm_up, ", ".join(FIRST))
    except MissingExtra as error:
        typer.echo(str(error))
    timed = measure(judge, peer, documents, repeats)
    forgetful = open_judge("mini", cache_bytes=0)
    forgetful.judge(warm_up, FIRST)

    def fresh(number: int) -> list[Document]:
        return fresh_documents(documents, CALLERS_ROUND + number)

    figures = {
        "seconds": timed,
        "ratios": ratios(timed),
        "callers": {
            "different requirements, states kept": measure_callers(judge, fresh, callers, caller_repeats),
            "different requirements, nothing kept": measure_callers(forgetful, fresh, callers, caller_repeats),
            "the same requirements, nothing kept": measure_callers(
                forgetful, fresh, callers, caller_repeats, alike=True
            ),
        },
    }
    print_table(
        f"{documents} documents x {len(FIRST)} requirements, seconds (fastest of {repeats})",
        ("", "ours", "against", "ratio", "target"),
        rows(figures, load_restart(restart)),
    )
    settings = {
        "documents": documents, "requirements": len(FIRST), "repeats": repeats, "callers": callers,
        "batch_size": peer.batch_size if peer else None, "threads": torch.get_num_threads(),
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
