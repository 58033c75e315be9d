"""Scores on disk: an interrupted measurement goes on where it stopped, and only what was trained anew is asked."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evals.record import ORIGIN, mini_weights

Scores = tuple[float, float] | None  # of both garments of a pair; None = the contestant failed
SAVE_EVERY = 10.0  # seconds


class Kept:
    """The scores of one contestant on some pairs, which are plain JSON.

    Those of other pairs, of another training, of other embedded weights (all contestants start from them) or of other
    code are not taken up.
    """

    def __init__(self, folder: Path, name: str, pairs: Sequence[Any], trained: dict[str, Any] | None) -> None:
        self._path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}-{len(pairs)}.json"
        asked = hashlib.sha256(json.dumps(list(pairs), sort_keys=True).encode()).hexdigest()
        self._n = len(pairs)
        self._origin = {"pairs": asked, "trained": trained, "mini": mini_weights(), "commit": ORIGIN["commit"]}

    def fill(self, score: Callable[[int], Scores]) -> list[Scores]:
        """Every score: those on disk, and what `score` says of the others."""
        found = self._load()
        saved = time.monotonic()
        for place in range(len(found), self._n):
            found.append(score(place))
            if time.monotonic() - saved > SAVE_EVERY or place + 1 == self._n:
                self._save(found)
                saved = time.monotonic()
        return found

    def _load(self) -> list[Scores]:
        if not self._path.exists():
            return []
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        if {name: kept.get(name) for name in self._origin} != self._origin:
            return []
        return [None if one is None else (one[0], one[1]) for one in kept["scores"]]

    def _save(self, scores: list[Scores]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._origin | {"scores": scores}), encoding="utf-8")
        part.replace(self._path)
