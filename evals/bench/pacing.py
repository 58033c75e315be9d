"""Judges for measurements on a cluster: one that sleeps like a GPU, and one that notes when it worked.

They live in a module of their own, because Ray's workers must be able to import them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from yofo_rerank import Document, Judgement, Requirement
from yofo_rerank.judging import Judge
from yofo_rerank.requirements import JudgedDocument


class SleepingJudge:
    """Takes the same time for each document, and no processor, as a judge on a GPU does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[Requirement]
    ) -> list[JudgedDocument]:
        """Always yes."""
        time.sleep(self.seconds * len(documents))
        said = tuple(Judgement(requirement=one, p_yes=1.0, verdict=True) for one in requirements)
        return [JudgedDocument(said) for _ in documents]

    def info(self) -> dict[str, Any]:
        """A name."""
        return {"model": "sleeping"}


class NotedJudge:
    """Another judge; each call leaves its start, its end and its documents in a file of this process."""

    def __init__(self, judge: Judge, folder: Path) -> None:
        self.judge, self.folder = judge, str(folder)

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[Requirement]
    ) -> list[JudgedDocument]:
        """As the other judge."""
        start = time.time()  # of one clock for all processes
        outcomes = self.judge.judge_outcomes(documents, requirements)
        with (Path(self.folder) / f"{os.getpid()}").open("a", encoding="utf-8") as file:
            file.write(f"{start} {time.time()} {len(documents)}\n")
        return outcomes

    def info(self) -> dict[str, Any]:
        """As the other judge."""
        return self.judge.info()


Call = tuple[float, float, int]  # start, end, documents


def read_notes(folder: Path) -> list[list[Call]]:
    """The calls of each process, in their order."""
    found = []
    for path in folder.iterdir():
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        found.append(sorted((float(start), float(end), int(n)) for start, end, n in lines))
    return found


def busy_window(notes: Sequence[Sequence[Call]], share: float = 0.95) -> tuple[float, float]:
    """From the first call to when so large a share of all documents is judged: at the end some have nothing to do.

    >>> busy_window([[(0.0, 1.0, 4), (1.5, 2.5, 4)], [(1.0, 2.0, 4), (2.5, 9.0, 4)]], share=0.75)
    (0.0, 2.5)
    """
    calls = sorted((call for some in notes for call in some), key=lambda call: call[1])
    judged = list(accumulate(call[2] for call in calls))
    last = next(place for place, count in enumerate(judged) if count >= share * judged[-1])
    return min(call[0] for call in calls), calls[last][1]


def documents_between(notes: Sequence[Sequence[Call]], start: float, end: float) -> float:
    """Documents judged between two moments; a call that lies partly outside counts by its part.

    >>> documents_between([[(0.0, 2.0, 4)]], 1.0, 3.0)
    2.0
    """
    return sum(
        count * max(0.0, min(end, last) - max(start, first)) / (last - first)
        for calls in notes
        for first, last, count in calls
    )
