"""Answers on disk: an interrupted measurement goes on where it stopped, and only what was trained anew is asked."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evals.record import ORIGIN, mini_weights

Scores = tuple[float, float] | None  # of both garments of a pair; None = the contestant failed
SAVE_EVERY = 10.0  # seconds: what a kill costs at most; an error or an interrupt costs nothing


class Kept:
    """The answers of one contestant to a list of questions that comes in the same order whenever it is asked.

    Those to other questions, of another training, of other embedded weights (all contestants start from them) or of
    other code are not taken up.

    >>> for _ in range(2):
    ...     with Kept(Path("/tmp/yofo-doctest"), "toy", {"seed": 1}, None) as kept:
    ...         kept.answer(lambda: [0.5, True])  # the second time from the disk
    [0.5, True]
    [0.5, True]

    Args:
        folder: of the files.
        name: of the contestant.
        asked: what decides the questions, as plain JSON.
        trained: what decides the contestant's weights beside the embedded ones.
    """

    def __init__(self, folder: Path, name: str, asked: Any, trained: dict[str, Any] | None) -> None:
        self._asked = asked
        said = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        self._path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}-{said[:12]}.json"
        self._origin = {"asked": said, "trained": trained, "mini": mini_weights(), "commit": ORIGIN["commit"]}
        self._origin["uncommitted_changes"] = ORIGIN["uncommitted_changes"]

    def __enter__(self) -> Self:
        self._answers = self._load()
        self._place, self._on_disk, self._saved = 0, len(self._answers), time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if len(self._answers) > self._on_disk:
            self._save()

    def answer(self, ask: Callable[[], Any]) -> Any:
        """The answer to the next question: that of an earlier run, or else what `ask` says, which is plain JSON."""
        if self._place == len(self._answers):
            self._answers.append(ask())
            if time.monotonic() - self._saved > SAVE_EVERY:
                self._save()
        self._place += 1
        return self._answers[self._place - 1]

    def fill(self, score: Callable[[int], Scores]) -> list[Scores]:
        """The scores of the pairs that `asked` lists: those on disk, and what `score` says of the others."""
        with self:
            found = [self.answer(partial(score, place)) for place in range(len(self._asked))]
        return [None if one is None else (one[0], one[1]) for one in found]

    def _load(self) -> list[Any]:
        if not self._path.exists():
            return []
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        if {name: kept.get(name) for name in self._origin} != self._origin:
            return []
        found: list[Any] = kept["answers"]
        return found

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._origin | {"answers": self._answers}), encoding="utf-8")
        part.replace(self._path)
        self._on_disk, self._saved = len(self._answers), time.monotonic()
