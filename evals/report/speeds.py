"""Throughput, and error against it: "yofo" of that program is the embedded judge, as shipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.figures.records import Records
from evals.report.content import Plot, Table
from evals.report.names import SHIPPED, as_shipped
from evals.report.parts import mean, number, source
from evals.report.plots import scatter


def throughput(records: Records) -> Table:
    """Everybody's speed, with the range of the rounds."""
    found = records.figures("throughput")["contestants"]
    documents = records["throughput"]["settings"].get("documents")
    rows = tuple(
        (
            as_shipped(name), number(one.get("pairs_per_second")), _slowest(one, documents),
            number(one.get("verdicts_per_second")), _ratio(one), one.get("licence", "-"),
        )
        for name, one in found.items()
    )  # fmt: skip
    columns = (
        "contestant", "pairs/s", "in its slowest round", "verdicts/s",
        f"{SHIPPED}, is so many times as fast (by round)", "licence",
    )  # fmt: skip
    note = "one process, in turn; the fastest round counts, and too few were run for an interval"
    written = records["throughput"]["settings"].get("generated_tokens")
    if isinstance(written, Mapping):
        told = ", ".join(f"{name.partition(', ')[2]} {count}" for name, count in written.items())
        note += f"; generated verdicts are made to be as long as a right answer, in tokens: {told}"
    return Table("Throughput", columns, rows, source(records, "throughput"), note)


def _slowest(one: Mapping[str, Any], documents: int | None) -> str:
    took = one.get("processor_seconds")
    return number(documents / max(took)) if took and documents else "-"


def _ratio(one: Mapping[str, Any]) -> str:
    rounds = one.get("ratios") or ()
    ratio = number(one.get("ratio"))
    return f"{ratio} ({min(rounds):.3g} to {max(rounds):.3g})" if len(rounds) > 1 else ratio


def error_against_throughput(records: Records) -> Plot:
    """Points of those of whom both are known, each of one system."""
    errors = records.figures("pairs")["contestants"]
    speeds = {as_shipped(name): one for name, one in records.figures("throughput")["contestants"].items()}
    points = {
        name: (float(speeds[name]["pairs_per_second"]), 100 * mean(one["err_rank"]))
        for name, one in sorted(errors.items(), key=lambda one: -mean(one[1]["err_rank"]))
        if speeds.get(name, {}).get("pairs_per_second")
    }
    if not points:
        raise KeyError(SHIPPED)
    drawn = scatter(points, x="pairs/s (logarithmic)", y="Err_rank (%)", highlight=(SHIPPED,))
    said = "; ".join(f"{name}: {up:.1f} % at {across:.3g} pairs/s" for name, (across, up) in points.items())
    return Plot("Error against throughput", drawn, said, source(records, "throughput"))
