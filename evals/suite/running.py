"""One step of the suite: whether its record is there for this code, running it, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from evals.program import MISSING
from evals.record import CODE, ORIGIN, RESULTS
from evals.suite.spent import keep, spent, spent_before
from evals.suite.steps import Step

ROOT = Path(__file__).parents[2]
# How records are shown is no part of what a figure may depend on.
SHOWN = ("evals/results", "evals/report", "evals/figures", "evals/suite", "*.md")


@dataclass(frozen=True)
class Outcome:
    """What came of a step."""

    name: str
    state: Literal["made", "kept", "missing", "failed"]
    seconds: float
    message: str = ""

    @classmethod
    def of_record(cls, step: Step) -> Outcome:
        """A step whose record is kept, with the time that it took then, in all runs that it needed."""
        last = max(_read(name)["about"].get("seconds", 0.0) for name in step.records)  # one program wrote them all
        return cls(step.record, "kept", last + spent_before(step.record), _lacking(step))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, without the name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


def is_current(step: Step, *, skip_missing: bool = True) -> bool:
    """Whether all records of the step were made from the code as it is now, with nobody missing who must not be."""
    made = not ORIGIN["uncommitted_changes"] and all(
        (RESULTS / f"{name}.json").is_file() and _same_code(_read(name)["about"]) for name in step.records
    )
    return made and (skip_missing or not _lacking(step))


def run_step(step: Step, *, skip_missing: bool) -> Outcome:
    """Run its command from the repository root; its words go to the terminal as they come.

    The seconds are those of earlier runs that were stopped, too; and of all runs of what keeps what it made (`lasts`).
    """
    before = spent(step.record, finished=False) + (spent(step.record, finished=True) if step.lasts else 0.0)
    started = time.monotonic() - before
    words = [sys.executable if word == "python" else word for word in step.words]
    if words[1:2] == ["-m"] and _absent(words[2]):
        return Outcome(step.record, "missing", 0.0, f"no program {words[2]}")
    if skip_missing and step.skips:
        words.append("--skip-missing")
    code: int | None = None
    try:
        code = subprocess.run(words, cwd=ROOT, check=False).returncode  # noqa: S603 - our own programs
    finally:  # a suite that is stopped stops its step
        seconds = time.monotonic() - started
        keep(step.record, seconds, before=before, finished=code == 0)
    if code == 0:
        return Outcome(step.record, "made", seconds, _lacking(step))
    state: Literal["missing", "failed"] = "missing" if code == MISSING else "failed"
    said = f"exit code {code}: {step.command}"
    return Outcome(step.record, state, seconds, (state == "missing" and _lacking(step)) or said)


def _lacking(step: Step) -> str:
    """Who is missing in its record."""
    path = RESULTS / f"{step.record}.json"
    missing = _read(step.record).get("figures", {}).get("missing", ()) if path.is_file() else ()
    return "missing: " + ", ".join(one["name"] for one in missing) if missing else ""


def _same_code(about: dict[str, Any]) -> bool:
    commit = about.get("commit")
    if not commit or about["uncommitted_changes"]:
        return False
    paths = [*CODE, *(f":(exclude){path}" for path in SHOWN)]
    done = subprocess.run(  # noqa: S603
        ["git", "diff", "--quiet", commit, "HEAD", "--", *paths],  # noqa: S607
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    return done.returncode == 0  # 1: another code; 128: a commit that is not here


def _absent(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:
        return True


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found
