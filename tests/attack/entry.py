"""What an attack is: an entry that strangers can reach, inputs made from a seed, and the promise that is checked."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class LetIn(AssertionError):
    """Something came through that must not."""


class Lost(AssertionError):
    """Something of the user's is gone."""


@dataclass(frozen=True)
class Entry:
    """One entry: `make` an input from a seed or, where there is such a form, from bytes; `check` it.

    `check` returns when the promise holds. Any error that it raises is a crash, unless it is `LetIn` or `Lost`.
    """

    name: str
    tried: str  # what is tried, in the words of SECURITY.md's table
    make: Callable[[random.Random], Any]
    check: Callable[[Any, Path], None]  # a folder of its own comes along, which is kept between inputs
    is_fault: bool = False  # something breaks in the middle, rather than coming in
    per_second: float = 1000  # roughly; shares out the work
    from_bytes: Callable[[bytes], Any] | None = None  # for coverage-guided fuzzing


@dataclass
class Count:
    """What an entry has stood so far."""

    inputs: int = 0
    lost: int = 0
    crashed: int = 0
    let_in: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)  # the first few, to be repeated by their number

    @property
    def failed(self) -> int:
        """All of them."""
        return self.lost + self.crashed + self.let_in


MAX_FAILURES_KEPT = 20


def attack(entry: Entry, numbers: Iterable[int], folder: Path, count: Count, seconds: float = float("inf")) -> Count:
    """Try the inputs of these numbers; number n of an entry is the same input everywhere and always."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    for number in numbers:
        if time.monotonic() - started > seconds:
            break
        count.inputs += 1
        try:
            entry.check(entry.make(random.Random(f"{entry.name} {number}")), folder)
        except LetIn as error:
            count.let_in += 1
            _keep(count, number, error)
        except Lost as error:
            count.lost += 1
            _keep(count, number, error)
        except Exception as error:  # an untyped error is what is looked for
            count.crashed += 1
            _keep(count, number, error)
    count.seconds += time.monotonic() - started
    return count


def _keep(count: Count, number: int, error: Exception) -> None:
    if len(count.failures) < MAX_FAILURES_KEPT:
        count.failures.append(f"{number}: {type(error).__name__}: {str(error)[:300]}")
