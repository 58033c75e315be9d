"""Small helpers of the sections: a part or the line that says what is missing, and figures as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evals.figures.records import Missing, Records
from evals.report.content import Absent, Part, Table
from evals.suite.steps import COMPARED, TRAINING, command_of
from evals.wilson import interval

RESAMPLES = 2000  # of the paired tests in records that do not say how many


def part(title: str, record: str, make: Callable[[], Part]) -> Part:
    """What `make` makes of a record; where that is absent, or older than what is read of it, the line that says so."""
    try:
        made = make()
        empty = isinstance(made, Table) and not made.rows
        return Absent(title, f"the record {record!r} has none yet: {_how(record)}") if empty else made
    except Missing as missing:
        return Absent(title, str(missing))
    except KeyError as error:
        return Absent(title, f"the record {record!r} has no {error}: {_how(record)}")


def _how(record: str) -> str:
    """How a record gets what it lacks: the contestants of the mini suite are trained first."""
    trained = any(record == step.record and step.skips for step in COMPARED)
    return f"run `{TRAINING.command}`, then `{command_of(record)}`" if trained else f"run `{command_of(record)}` again"


def mean(found: Any) -> float:
    """The mean of an estimate, or a plain number."""
    return float(found["mean"] if isinstance(found, Mapping) else found)


def bounds(found: Any) -> tuple[float, float, float]:
    """Mean, low and high; of a plain number three times itself."""
    if isinstance(found, Mapping):
        return interval(found)
    return (float(found),) * 3


def percent(found: Any, digits: int = 1) -> str:
    """A share in per cent, with its interval where it has one.

    >>> percent({"mean": 0.037, "low": 0.031, "high": 0.0444}), percent(0.5), percent(None)
    ('3.7 [3.1, 4.4]', '50.0', '-')
    """
    if found is None:
        return "-"
    middle, low, high = (f"{100 * value:.{digits}f}" for value in bounds(found))
    return f"{middle} [{low}, {high}]" if isinstance(found, Mapping) else middle


def number(value: Any, spec: str = ".3g") -> str:
    """A number as text, or a dash.

    >>> number(1234.5), number(None), number(1234.5, ",.0f")
    ('1.23e+03', '-', '1,234')
    """
    return "-" if value is None else format(float(value), spec)


def error(found: Mapping[str, Any]) -> str:
    """The calibration error of a record's figures, with its interval where it has one: older records have none.

    >>> error({"ece": 0.012}), error({"ece": 0.012, "calibration_error": {"mean": 0.012, "low": 0.01, "high": 0.014}})
    ('0.012', '0.012 [0.01, 0.014]')
    """
    if "calibration_error" not in found:
        return number(found["ece"])
    middle, low, high = (number(value) for value in bounds(found["calibration_error"]))
    return f"{middle} [{low}, {high}]"


def share(found: Any) -> str:
    """A share in 0..1 with its interval."""
    if found is None:
        return "-"
    middle, low, high = (f"{value:.3f}" for value in bounds(found))
    return f"{middle} [{low}, {high}]" if isinstance(found, Mapping) else middle


def p_value(found: Mapping[str, Any] | float | None, resamples: int = RESAMPLES) -> str:
    """The p of a paired test; where no resampling went the other way, that it is below what so many can tell.

    >>> p_value(0.27), p_value(0.0005), p_value(None)
    ('0.27', '< 0.001', '-')
    """
    if isinstance(found, Mapping):
        return p_value(found["p_value"], int(found.get("resamples", RESAMPLES)))
    if found is None:
        return "-"
    floor = 2 / resamples
    return f"< {floor:.2g}" if found < floor else f"{found:.2g}"


def commit_of(about: Mapping[str, Any]) -> str:
    """The commit of a record, with + where something was uncommitted.

    >>> commit_of({"commit": "0123456789", "uncommitted_changes": True})
    '0123456+'
    """
    commit = about["commit"][:7] if about["commit"] else "no commit"
    return commit + "+" * bool(about["uncommitted_changes"])


def source(records: Records, name: str) -> str:
    """Whose figures these are: the record and its commit."""
    return f"ours, {name}.json at {commit_of(records[name]['about'])}"
