"""Many callers of one judge at once, against the same calls one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from evals.bench.clock import seconds
from evals.bench.scaling import draw_requirements
from yofo_rerank import Document, YofoJudge

REQUIREMENTS = 5  # of a caller


def measure_callers(
    judge: YofoJudge, fresh: Callable[[int], list[Document]], n_callers: int, repeats: int, *, alike: bool = False
) -> dict[str, Any]:
    """Seconds for all callers, in turn and at once; pictures never seen in every round.

    Args:
        judge: which all of them call.
        fresh: number of a round -> candidates that the judge has not seen.
        n_callers: threads, started together.
        repeats: rounds, of which the fastest counts.
        alike: all ask the same; else each has requirements that nobody else asks.
    """
    one_after_another, at_once = [], []
    passes: list[tuple[int, int]] = []
    for repeat in range(repeats):
        lists = make_lists(n_callers, repeat)
        asked = lists[:1] * n_callers if alike else lists
        start = judge.stats.forward_passes
        one_after_another.append(seconds(_in_turn, judge, fresh(2 * repeat), asked))
        between = judge.stats.forward_passes
        at_once.append(seconds(_together, judge, fresh(2 * repeat + 1), asked))
        passes.append((between - start, judge.stats.forward_passes - between))
    return {
        "callers": n_callers,
        "requirements": REQUIREMENTS,
        "one_after_another_seconds": one_after_another,
        "at_once_seconds": at_once,
        "forward_passes": passes,
        "ratio": min(one_after_another) / min(at_once),
    }


def make_lists(n_callers: int, seed: int) -> list[list[str]]:
    """Requirements of each caller, all different."""
    texts = draw_requirements(n_callers * REQUIREMENTS, seed)
    return [texts[start : start + REQUIREMENTS] for start in range(0, len(texts), REQUIREMENTS)]


def _in_turn(judge: YofoJudge, documents: Sequence[Document], asked: Sequence[Sequence[str]]) -> None:
    for requirements in asked:
        judge.judge(documents, requirements)


def _together(judge: YofoJudge, documents: Sequence[Document], asked: Sequence[Sequence[str]]) -> None:
    barrier = threading.Barrier(len(asked))

    def call(requirements: Sequence[str]) -> None:
        barrier.wait()
        judge.judge(documents, requirements)

    with ThreadPoolExecutor(len(asked)) as pool:
        list(pool.map(call, asked))
