"""Section on what the paper does not ask: neighbours, order, contradictions, ties, calibration, many requirements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.figures.records import Records
from evals.report.content import Part, Plot, Section, Table
from evals.report.parts import bounds, number, part, percent, source
from evals.report.plots import lines
from evals.report.targets import targets

INTERVALS = {  # measures of the table that stand with an interval among the details
    "flips together/alone": ("together", "alone", "flips"),
    "flips by order": ("together", "order", "flips"),
    "|P(X) + P(not X) - 1|": ("contradictions", "distance_from_1"),
    "X and not X, same verdict": ("contradictions", "same_verdict"),
    "nothing relevant, AUROC": ("nothing", "auroc"),
    "ECE": ("calibration", "before"),
    "ECE after temperature": ("calibration", "after"),
    "ties": ("nothing", "ties", "soft"),
    "ties of verdicts": ("nothing", "ties", "verdicts"),
}
COUNTED = "Accuracy by the number of requirements"


def drift(records: Records) -> Section:
    """All of the record."""
    text = (
        "Verdicts asked together, alone and in another order; contradictions, ties, calibration, many requirements. "
        "Asked in isolation, no answer can depend on another requirement: there the zeros of flips are by construction."
    )
    parts = [
        part("Drift", "drift", lambda: _table(records)),
        part("Targets", "drift", lambda: targets(records, "drift")),
        part("Calibration", "drift", lambda: _calibration(records)),
        part(COUNTED, "drift", lambda: _counted(records)),
        part(COUNTED, "drift", lambda: _counted_plot(records)),
    ]
    return Section("drift", "Drift", text, parts)


def _table(records: Records) -> Part:
    figures = records.figures("drift")
    found, details = figures["table"], figures.get("details", {})
    measures = next(iter(found.values()))
    rows = tuple(
        (measure, *(_measure(measure, one[measure], details.get(mode, {})) for mode, one in found.items()))
        for measure in measures
    )
    note = "[95 % interval] where one was made; those of answers that are all alike are Wilson's"
    return Table("Drift", ("", *found), rows, source(records, "drift"), note)


def _measure(measure: str, value: float, details: Mapping[str, Any]) -> str:
    found: Any = details
    for key in INTERVALS.get(measure, ()):
        found = found.get(key, {})
    if measure not in INTERVALS or not found:
        return number(value)
    middle, low, high = bounds(found)
    return f"{number(middle)} [{number(low)}, {number(high)}]"


def _calibration(records: Records) -> Part:
    found = records.figures("drift")["calibration"]
    series = {name: [(one["p_yes"], one["true"]) for one in bins] for name, bins in found.items()}
    drawn = lines(series, x="mean p_yes", y="share true", diagonal=True)
    said = "how often statements hold, by the probability given"
    return Plot("Calibration", drawn, said, source(records, "drift"))


def _counted(records: Records) -> Part:
    found = records.figures("drift")["by_requirements"]
    counts = tuple(next(iter(found.values())))
    rows = tuple(
        (count, _n([by_count[count] for by_count in found.values()]), *(percent(one[count]) for one in found.values()))
        for count in counts
    )
    columns = ("requirements in one template", "statements", *(f"{name} (%)" for name in found))
    return Table(COUNTED, columns, rows, source(records, "drift"), _same(records))


def _n(found: list[Any]) -> str:
    return next((f"{one['n']:,}" for one in found if isinstance(one, Mapping)), "-")


def _same(records: Records) -> str:
    if records["drift"]["settings"].get("same_statements_at_every_count"):
        return "the same statements at every number"
    return "other statements at every number, so that the rows differ by chance and by what is asked, too"


def _counted_plot(records: Records) -> Part:
    found = records.figures("drift")["by_requirements"]
    series, intervals = {}, {}
    for name, counts in found.items():
        estimates = {float(count): [100 * value for value in bounds(one)] for count, one in counts.items()}
        series[name] = [(count, middle) for count, (middle, _, _) in estimates.items()]
        intervals[name] = [(low, high) for _, low, high in estimates.values()]
    drawn = lines(series, x="requirements in one template", y="right (%), 95 % interval", intervals=intervals)
    said = "; ".join(
        f"{name}: {ys[0][1]:.1f} % at {ys[0][0]:.0f}, {ys[-1][1]:.1f} % at {ys[-1][0]:.0f}"
        for name, ys in series.items()
    )
    return Plot(f"{COUNTED}, drawn", drawn, f"{said}; {_same(records)}", source(records, "drift"))
