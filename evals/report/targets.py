"""Tables of what was wanted, and whether it was reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.figures.records import Records
from evals.report.content import Part, Table
from evals.report.names import LIKE_FOR_LIKE
from evals.report.parts import mean, number, percent, source
from evals.suite.steps import command_of


@dataclass(frozen=True)
class Target:
    """A share of `mini_accuracy` that the embedded weights are to reach."""

    title: str
    keys: tuple[str, ...]  # where it stands in the record
    wanted: float


IMAGE = ("conditions", "image")
EMBEDDED = (
    Target("Acc_property of pictures", (*IMAGE, "acc_property"), 0.985),
    Target("Acc_sample of pictures", (*IMAGE, "acc_sample"), 0.88),
    Target('"jeans", of trousers', ("named", "jeans", "both"), 0.95),
    Target('"not jeans", of trousers', ("named", "not jeans", "both"), 0.95),
    Target("pockets, of pictures", (*IMAGE, "by_attribute", "pockets"), 0.95),
)


def targets(records: Records, record: str) -> Table:
    """What the record says of its targets."""
    rows = tuple(
        (
            name + (f" ({one['best']})" if "best" in one else ""), _reached_value(one), number(one["wanted"]),
            _reached(met=one["met"]),
        )
        for name, one in records.figures(record)["targets"].items()
    )  # fmt: skip
    note = _like_for_like(records) if record == "pairs" else ""
    return Table("Targets", ("", "found", "wanted", ""), rows, source(records, record), note)


def _like_for_like(records: Records) -> str:
    found = records.figures("pairs")["contestants"]
    single = {name: mean(one["err_rank"]) for name, one in found.items() if one.get("single_score")}
    best = min(single, key=lambda name: single[name]) if single else ""
    if LIKE_FOR_LIKE not in found or not best or not single[best]:
        return ""
    ratio = mean(found[LIKE_FOR_LIKE]["err_rank"]) / single[best]
    return f"yofo is given the requirements; {LIKE_FOR_LIKE}, given the sentence, has {ratio:.3g} of {best}'s errors"


def embedded(records: Records) -> Part:
    """Targets of the embedded weights; a figure that the record lacks says by which command it is made."""
    figures = records.figures("mini_accuracy")
    rows = tuple(_row(one, _found(figures, one.keys)) for one in EMBEDDED)
    columns = ("", "found (%)", "wanted (%)", "")
    return Table("Targets of the embedded weights", columns, rows, source(records, "mini_accuracy"))


def _row(target: Target, found: Any) -> tuple[str, ...]:
    wanted = f"{100 * target.wanted:.1f}"
    if found is None:
        return target.title, f"not measured: run `{command_of('mini_accuracy')}`", wanted, "-"
    return target.title, percent(found, 2), wanted, _reached(met=mean(found) >= target.wanted)


def _reached_value(target: Mapping[str, Any]) -> str:
    ends = f" [{number(target['low'])}, {number(target['high'])}]" if "low" in target else ""
    return number(target["value"]) + ends


def _found(figures: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    found: Any = figures
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _reached(*, met: bool) -> str:
    return "met" if met else "missed"
