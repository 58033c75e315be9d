"""Failures that may be over at the next try are asked again by it, and a run of which nothing succeeds is stopped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from evals.data_sets import MissingData
from yofo_rerank.errors import PASSING, RemoteError, YofoError

FIRST = 20  # units in a row of which one must succeed
GONE = "missing"  # the code of a file that is not there
_FILES = frozenset({GONE, "unreadable", "missing_extra", OSError.__name__})
_MACHINE = frozenset({RuntimeError.__name__})  # of torch: a device that is lost fails whatever comes after


class AllFailed(YofoError, RuntimeError):
    """Unit after unit failed, so that there is nothing to measure; says why they did."""

    default_code = "all_failed"


def reason_of(error: BaseException) -> str:
    """What a failure is counted under: the code of one that may be over, else the kind of error.

    >>> from yofo_rerank.errors import ImageError
    >>> reason_of(ImageError("no file", code="missing")), reason_of(ImageError("torn")), reason_of(IndexError("9"))
    ('missing', 'ImageError', 'IndexError')
    """
    if isinstance(error, YofoError):
        return error.code if may_be_over(error.code) else type(error).__name__
    for kind in (RuntimeError, OSError):
        if isinstance(error, kind):  # torch's own kinds of them say the same
            return kind.__name__
    return type(error).__name__


def may_be_over(reason: str | None) -> bool:
    """Whether what failed so may succeed another time: once the file is there, or the machine is in order.

    >>> may_be_over("missing"), may_be_over("RuntimeError"), may_be_over("truncated"), may_be_over(None)
    (True, True, False, False)
    """
    return reason is not None and (reason in _FILES or _is_of_the_machine(reason))


@dataclass
class Streak:
    """Watches the units of a run: `add` each, `close` at the end.

    >>> streak = Streak("toy")
    >>> for _ in range(19):
    ...     streak.add("truncated")
    >>> streak.add(None)  # one succeeds

    Args:
        who: the contestant.
        whence: where the data come from.
    """

    who: str
    whence: str = ""
    reasons: list[str] = field(default_factory=list)  # of the units that failed since the last that did not
    succeeded: bool = False
    shown: str = ""  # what the last unit is about

    def add(self, reason: str | None, shown: str = "") -> None:
        """One unit: why it failed, or None; `shown` names what it is about.

        Raises:
            MissingData: the first 20 have failed, for their files are not there.
            AllFailed: they have failed otherwise; or any 20 in a row have, by the machine.
        """
        if reason is None:
            self.succeeded, self.reasons = True, []
            return
        self.reasons.append(reason)
        self.shown = shown
        if len(self.reasons) >= FIRST:
            self._stop_if(not self.succeeded or all(map(_is_of_the_machine, self.reasons[-FIRST:])))

    def close(self) -> None:
        """The end of the units, of which there may be fewer than 20.

        Raises:
            MissingData, AllFailed: as `add`, where all have failed for what may be over.
        """
        self._stop_if(bool(self.reasons) and not self.succeeded and all(map(may_be_over, self.reasons)))

    def _stop_if(self, wanted: bool) -> None:
        if not wanted:
            return
        such, whence = f", such as {self.shown}" if self.shown else "", f"; {self.whence}" if self.whence else ""
        if set(self.reasons) == {GONE}:
            raise MissingData(f"the files of the first {len(self.reasons)} units are not there{such}{whence}")
        counts = ", ".join(f"{reason}: {count}" for reason, count in Counter(self.reasons).most_common())
        raise AllFailed(f"{self.who}: {len(self.reasons)} units in a row failed ({counts}){such}{whence}")


def _is_of_the_machine(reason: str) -> bool:
    return reason in PASSING or reason in _MACHINE or reason.startswith(RemoteError.default_code)
