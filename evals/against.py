"""Each contestant beside ours on the same queries or samples: the paired bootstrap, over what both have a value of.

What ours reached of each is kept beside the unfinished runs, so that those measured by a later run are compared, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from evals.paired import paired_difference
from evals.record import ORIGIN, print_table
from evals.systems import OURS

Values = Mapping[str, Mapping[str, float]]  # measure -> query or sample -> value
Opened = TypeVar("Opened")
VALUES = "values"  # of each query or sample: among figures until they are compared
# What must be the same for two runs to have been asked the same.
DATA = ("task", "set", "split", "order", "source", "candidates", "top_k", "limit", "dependency")


def ours_first(systems: Mapping[str, Opened]) -> dict[str, Opened]:
    """Ours before those that are compared with it.

    >>> list(ours_first({"random": 1, "yofo": 2, "blip2-itm": 3}))
    ['yofo', 'random', 'blip2-itm']
    """
    return dict(sorted(systems.items(), key=lambda one: one[0] != OURS))


def compared(
    figures: dict[str, Any], record: Path, ours: Sequence[Path], settings: Mapping[str, Any], runs: Path
) -> dict[str, Any]:
    """The figures with the differences from ours in place of the values, which are kept in `runs` if they are ours.

    Args:
        figures: of one contestant, with its `VALUES`.
        record: where they will be written.
        ours: the records of ours on these data, the first one first; each is compared with those before it.
        settings: of this run.
        runs: folder of unfinished runs.
    """
    values: Values = figures[VALUES]
    data = {name: settings.get(name) for name in DATA}
    if record in ours:
        path = _path(runs, record)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"data": data, "commit": ORIGIN["commit"], "model_source": settings.get("model_source")}
        path.write_text(json.dumps(kept | {"values": values}), encoding="utf-8")
        ours = ours[: ours.index(record)]
    against = {}
    for one in ours:
        kept = _read(_path(runs, one))
        if kept.get("data") == data and (found := _differences(values, kept["values"])):
            against[one.stem] = {name: kept[name] for name in ("commit", "model_source")} | {"measures": found}
    rest = {name: value for name, value in figures.items() if name != VALUES}
    return rest | ({"against": against} if against else {})


def show_against(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """One table of what was compared, by the names of contestants; nothing where nothing was."""
    rows = [
        (f"{who} - {ours}, {measure}", *(one[name] for name in ("mean", "low", "high", "p_value", "n")))
        for who, found in figures.items()
        for ours, told in found.get("against", {}).items()
        for measure, one in told["measures"].items()
    ]
    if rows:
        print_table("Differences, on the same queries or samples", ("", "mean", "low", "high", "p", "n"), rows)


def _differences(values: Values, ours: Values) -> dict[str, Any]:
    found = {}
    for measure, own in values.items():
        both = _both(own, ours.get(measure, {}))
        if both:
            gap = paired_difference([own[unit] for unit in both], [ours[measure][unit] for unit in both])
            found[measure] = asdict(gap) | {"n": len(both)}
    return found


def _both(own: Iterable[str], theirs: Mapping[str, float]) -> list[str]:
    return [unit for unit in own if unit in theirs]


def _path(runs: Path, record: Path) -> Path:
    return runs / "values" / record.name


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
