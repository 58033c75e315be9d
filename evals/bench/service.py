"""`python -m evals.bench.service`: the HTTP service under more clients than it can serve, and what merging is worth.

Two runs, which make a record and the table of docs/how-to/service.md. Overload: clients ask about pictures of their own
choice, at least twice as often as they are answered; no verdicts are kept, else judging would cost so little that as
many clients could not ask too much; every answer is compared with the judge's own, the server's memory is watched.
Merging: all clients ask about the same pictures, each with its own requirements, nothing is kept, and requests are let
in many at a time or one by one; what they gain together is one pass over all that is asked of a picture.
"""

from __future__ import annotations

import base64
import io
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer

from evals.bench.load import Truth, run_load
from evals.bench.scaling import draw_requirements
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini import sample_catalog

PICTURES = 200
REQUIREMENTS = 40
ASKED = {"documents": 20, "requirements": 5}  # of one request
OFFERED = 2.0  # times what is answered


def main(
    clients: Annotated[int, typer.Option(min=1)] = 64,
    seconds: Annotated[float, typer.Option(min=1, help="Of the overload.")] = 600.0,
    merge_seconds: Annotated[float, typer.Option(min=1, help="Of each round of merging on or off.")] = 30.0,
    repeats: Annotated[int, typer.Option(min=1, help="Rounds, on and off in turn.")] = 3,
    output: Path = RESULTS / "bench_service.json",
) -> None:
    """Measure, print and record."""
    documents = [document for document, _ in sample_catalog(PICTURES, seed=31)]
    pictures = [_address(document) for document in documents]
    truth = _truth(documents)
    with serving(running=16, waiting=16, verdicts=False) as (url, process):
        memory = Memory(process)
        overload = run_load(
            url, pictures, truth, clients=clients, seconds=seconds, shared=False, offered=OFFERED, **ASKED
        )
        overload |= memory.figures()
    rounds: dict[str, list[float]] = {"on": [], "off": []}
    for _ in range(repeats):
        for name, running in (("on", clients), ("off", 1)):
            with serving(running=running, waiting=clients, verdicts=False, cache_bytes=0) as (url, _):
                found = run_load(url, pictures, truth, clients=clients, seconds=merge_seconds, shared=True, **ASKED)
            rounds[name].append(found["verdicts_per_second"])
            overload["wrong_answers"] += found["wrong_answers"]
    merging = {"verdicts_per_second": rounds, "ratio": max(rounds["on"]) / max(rounds["off"])}
    figures = {"overload": overload, "merging": merging}
    settings = {"clients": clients, "seconds": seconds, "merge_seconds": merge_seconds, "repeats": repeats}
    write_record(output, settings=settings, figures=figures)
    output.with_suffix(".md").write_text(markdown(settings, figures), encoding="utf-8")
    print_table("Service", ["", "value"], [(name, str(value)) for name, value in overload.items()])
    print_table("Merging", ["", "value"], [(name, str(value)) for name, value in merging.items()])


def markdown(settings: dict[str, Any], figures: dict[str, Any]) -> str:
    """The table as a document includes it."""
    load, merging = figures["overload"], figures["merging"]
    statuses = ", ".join(f"{count:,} times {status}" for status, count in sorted(load["statuses"].items()))
    lines = [
        f"{settings['clients']} clients, {load['duration_seconds'] / 60:.0f} minutes | ",
        "---|---",
        f"answers | {statuses}",
        f"asked, for each that was answered | {load['offered_per_answered']:.1f}",
        f"wrong answers; requests without any | {load['wrong_answers']}; {load['lost_requests']}",
        f"seconds of an answer, half and 99 % | {load['p50_seconds']:.1f}, {load['p99_seconds']:.1f}",
        f"verdicts/s | {load['verdicts_per_second']:,.0f}",
        f"memory, and its drift | {load['memory_bytes'] / 2**20:,.0f} MiB, {load['memory_drift']:+.1%}",
        f"merging, clients with shared candidates | {merging['ratio']:.1f} times the verdicts/s of one by one",
    ]
    return "".join(f"| {line} |\n" for line in lines)


class Memory:
    """The server's memory, once a second."""

    def __init__(self, process: psutil.Process) -> None:
        self._seen: list[int] = []
        self._process, self._end = process, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(1):
            self._seen.append(self._process.memory_info().rss)

    def figures(self) -> dict[str, Any]:
        """Ends watching; the drift is of the last quarter against the second."""
        self._end.set()
        self._thread.join()
        quarter = max(1, len(self._seen) // 4)
        early, late = self._seen[quarter : 2 * quarter] or self._seen, self._seen[-quarter:]
        return {
            "memory_bytes": max(self._seen),
            "memory_drift": (sum(late) / len(late)) / (sum(early) / len(early)) - 1,
        }


@contextmanager
def serving(
    *, running: int, waiting: int, verdicts: bool, cache_bytes: int | None = None
) -> Iterator[tuple[str, psutil.Process]]:
    """A service in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(port, running, waiting, verdicts, cache_bytes)
    )
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join(30)
        process.kill()


def _serve(port: int, running: int, waiting: int, verdicts: bool, cache_bytes: int | None) -> None:
    import uvicorn

    from yofo_rerank.serving import Limits, ServeSettings, server
    from yofo_rerank.serving.app import create_app

    judge = YofoJudge.from_pretrained("mini", verdicts=verdicts, cache_bytes=cache_bytes)
    settings = ServeSettings(limits=Limits(running=running, waiting=waiting, deadline=120))
    # those of `yofo serve`; connections are kept longer than clients keep theirs: one that is closed just as it is used
    # again would count as a lost request
    uvicorn.run(create_app(judge, settings), port=port, log_config=None, **server.settings(settings.limits))


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the service did not start within a minute")


def _address(document: Document) -> str:
    file = io.BytesIO()
    document.load_image().save(file, "PNG")  # type: ignore[union-attr]  # a drawing
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _truth(documents: list[Document]) -> Truth:
    texts = draw_requirements(REQUIREMENTS, 3)
    judged = YofoJudge.from_pretrained("mini").judge(documents, texts)
    return {(place, one.requirement.text): one.p_yes for place, row in enumerate(judged) for one in row}


if __name__ == "__main__":
    typer.run(main)
