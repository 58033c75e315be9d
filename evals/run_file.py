"""What a long run has found so far, a line for each finished unit: an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.record import mini_weights, provenance

RUNS = Path("runs")  # ignored by git


class RunFile:
    """Answers by key, in a file of its own for each combination of settings and embedded weights.

    A line that a kill cut short is left out, and its unit is asked again. `commits` are the states of the code that
    answered: more than one, where a run was finished after a change.

    >>> run = RunFile(Path("/tmp/yofo-doctest"), {"set": "mini"}, fresh=True)
    >>> run.add("q1", {"scores": {"a": 0.5}})
    >>> RunFile(Path("/tmp/yofo-doctest"), {"set": "mini"}).done
    {'q1': {'scores': {'a': 0.5}}}
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        text = json.dumps([mini_weights(), settings], sort_keys=True, default=str)
        self.path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.jsonl"
        self.settings = dict(settings)
        self.done: dict[str, Any] = {}
        self.commits: list[str] = []
        if fresh:
            self.path.unlink(missing_ok=True)
        self._read()
        self._begun = False

    def add(self, key: str, answer: Any) -> None:
        """Keep an answer, on disk before this returns."""
        if not self._begun:
            self._begin()
        self._append({"key": key, "answer": answer})
        self.done[key] = answer

    def _begin(self) -> None:
        about = provenance()
        commit = f"{about['commit']}{' with changes' if about['uncommitted_changes'] else ''}"
        self._append({"begun": self.settings, "commit": commit, "mini": about["mini"]})
        self.commits.append(commit)
        self._begun = True

    def _append(self, line: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a kill cut the last line short
                    file.write(b"\n")
            file.write(json.dumps(line, allow_nan=False, default=str).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        if not self.path.exists():
            return
        for line in self.path.read_bytes().splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if "begun" in found:
                self.commits.append(found["commit"])
            elif "key" in found:
                self.done[found["key"]] = found["answer"]


def slug(*words: str) -> str:
    """A file's name made of words.

    >>> slug("rank", "ViDoRe(v3.1)", "clip b/32")
    'rank_ViDoRe-v3.1_clip-b-32'
    """
    return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", word).strip("-") for word in words)


def record_path(folder: Path, kind: str, data: str, model: str, limit: int | None) -> Path:
    """Where the record of a run lies; that of a part has another name than that of the whole."""
    return folder / f"{slug(kind, data, model, *([f'first{limit}'] if limit else []))}.json"
