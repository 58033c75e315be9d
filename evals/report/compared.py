"""Sections that lay the paper's tables beside ours: every contestant trained by us on the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evals.figures.records import Records
from evals.report.content import Part, Plot, Section, Table
from evals.report.paper import paper_table
from evals.report.parts import bounds, mean, number, part, percent, source
from evals.report.plots import bars, lines, scatter

OURS = "yofo"


def ranking(records: Records) -> Section:
    """Table 1: who orders a pair wrongly how often."""
    text = (
        "Pairs of one category with a customer's sentence and an expression. Ours: every contestant trained by us on "
        "the same drawn garments for the same processor seconds; the paper's are large models on photographs, so that "
        "only the order of the rows can be compared."
    )
    parts = [
        paper_table("table 1"),
        part("Ranking errors", "pairs", lambda: _errors(records)),
        part("Ranking errors, drawn", "pairs", lambda: _error_bars(records)),
        part("Targets", "pairs", lambda: targets(records, "pairs")),
        part("By the requirements that the worse one misses", "pairs", lambda: _by_differences(records)),
        part("Throughput", "throughput", lambda: _throughput(records)),
        part("Targets of throughput", "throughput", lambda: targets(records, "throughput")),
        part("Error against throughput", "throughput", lambda: _error_against_throughput(records)),
    ]
    return Section("ranking", "Ranking errors and throughput (table 1)", text, parts)


def _contestants(records: Records) -> Mapping[str, Any]:
    found: Mapping[str, Any] = records.figures("pairs")["contestants"]
    return dict(sorted(found.items(), key=lambda one: -mean(one[1]["err_rank"])))


def _errors(records: Records) -> Table:
    found = _contestants(records)
    rows = tuple(
        (
            name, percent(one["err_rank"]), percent(one.get("ties"), 2), str(one.get("failures", 0)),
            number(one.get("p_value")), one.get("licence", "-"),
        )
        for name, one in found.items()
    )  # fmt: skip
    columns = ("contestant", "Err_rank (%)", "ties (%)", "failed documents", f"p against {OURS}", "licence")
    bold = frozenset(place for place, name in enumerate(found) if name == OURS)
    return Table("Ranking errors", columns, rows, source(records, "pairs"), bold=bold)


def _error_bars(records: Records) -> Plot:
    found = _contestants(records)
    values = {name: tuple(100 * value for value in bounds(one["err_rank"])) for name, one in found.items()}
    drawn = bars(values, y="Err_rank (%), 95 % interval", highlight=(OURS,))  # type: ignore[arg-type]
    said = ", ".join(f"{name} {value[0]:.1f} %" for name, value in values.items())
    return Plot("Ranking errors, drawn", drawn, said, source(records, "pairs"))


def targets(records: Records, record: str) -> Table:
    """What the record says of its targets."""
    rows = tuple(
        (
            name + (f" ({one['best']})" if "best" in one else ""), number(one["value"]), number(one["wanted"]),
            "met" if one["met"] else "missed",
        )
        for name, one in records.figures(record)["targets"].items()
    )  # fmt: skip
    return Table("Targets", ("", "found", "wanted", ""), rows, source(records, record))


def _by_differences(records: Records) -> Table:
    split = records.figures("pairs")["by_differences"]
    groups = tuple(next(iter(split.values())))
    rows = tuple((name, *(percent(split[name].get(group)) for group in groups)) for name in _contestants(records))
    columns = ("contestant", *(f"{group} missed (%)" for group in groups))
    return Table("By the requirements that the worse one misses", columns, rows, source(records, "pairs"))


def _throughput(records: Records) -> Table:
    found = records.figures("throughput")["contestants"]
    rows = tuple(
        (
            name, number(one.get("pairs_per_second")), number(one.get("verdicts_per_second")),
            number(one.get("ratio")), one.get("licence", "-"),
        )
        for name, one in found.items()
    )  # fmt: skip
    columns = ("contestant", "pairs/s", "verdicts/s", f"{OURS} is so many times as fast", "licence")
    return Table("Throughput", columns, rows, source(records, "throughput"), "one process, in turn")


def _error_against_throughput(records: Records) -> Plot:
    errors, speeds = _contestants(records), records.figures("throughput")["contestants"]
    points = {
        name: (float(speeds[name]["pairs_per_second"]), 100 * mean(one["err_rank"]))
        for name, one in errors.items()
        if speeds.get(name, {}).get("pairs_per_second")
    }
    if not points:
        raise KeyError(OURS)
    drawn = scatter(points, x="pairs/s (logarithmic)", y="Err_rank (%)", highlight=(OURS,))
    said = "; ".join(f"{name}: {up:.1f} % at {across:.3g} pairs/s" for name, (across, up) in points.items())
    return Plot("Error against throughput", drawn, said, source(records, "throughput"))


def ablations(records: Records) -> list[Section]:
    """Tables 2, 3 and 4: dependent questions, post-hoc reasons, the rank of LoRA."""
    known = (
        (
            "table 2",
            "dependency",
            "Dependent questions (table 2)",
            ("acc_dep", "opposite_of_own_answer", "acc_property"),
        ),
        ("table 3", "reasons", "Training and post-hoc reasons (table 3)", ("acc_property", "acc_sample")),
        ("table 4", "ranks", "Rank of LoRA (table 4)", ("acc_property", "acc_sample")),
    )
    return [
        Section(record, title, "", [paper_table(name), part("Ours", record, _rows(records, record, measures))])
        for name, record, title, measures in known
    ]


def _rows(records: Records, record: str, measures: tuple[str, ...]) -> Callable[[], Part]:
    def made() -> Part:
        found = records.figures(record)["contestants"]
        rows = tuple(
            (name, *(percent(one[measure]) for measure in measures), _paired(one), one.get("licence", "-"))
            for name, one in found.items()
        )
        columns = (
            "",
            *(f"{measure.replace('acc', 'Acc').replace('_of_own_', ' of own ')} (%)" for measure in measures),
        )
        return Table("Ours", (*columns, "statements right, paired", "licence"), rows, source(records, record))

    return made


def _paired(found: Mapping[str, Any]) -> str:
    """The paired test that a row holds, if it holds one."""
    for key, one in found.items():
        if key.startswith("better_than_"):
            return f"{100 * one['mean']:+.1f} against {key.removeprefix('better_than_')}, p {one['p_value']:.2g}"
    return "-"


def drift(records: Records) -> Section:
    """What the paper does not ask: neighbours, order, contradictions, ties, calibration, many requirements."""

    def table() -> Part:
        found = records.figures("drift")["table"]
        measures = next(iter(found.values()))
        rows = tuple((measure, *(number(one[measure]) for one in found.values())) for measure in measures)
        return Table("Drift", ("", *found), rows, source(records, "drift"))

    def calibration() -> Part:
        found = records.figures("drift")["calibration"]
        series = {name: [(one["p_yes"], one["true"]) for one in bins] for name, bins in found.items()}
        drawn = lines(series, x="mean p_yes", y="share true", diagonal=True)
        return Plot(
            "Calibration", drawn, "how often statements hold, by the probability given", source(records, "drift")
        )

    def requirements() -> Part:
        found = records.figures("drift")["by_requirements"]
        series = {
            name: [(float(count), 100 * mean(one)) for count, one in counts.items()] for name, counts in found.items()
        }
        drawn = lines(series, x="requirements in one template", y="right (%)")
        said = "; ".join(
            f"{name}: {ys[0][1]:.1f} % at {ys[0][0]:.0f}, {ys[-1][1]:.1f} % at {ys[-1][0]:.0f}"
            for name, ys in series.items()
        )
        return Plot("Accuracy by the number of requirements", drawn, said, source(records, "drift"))

    text = "Verdicts asked together, alone and in another order; contradictions, ties, calibration, many requirements."
    parts = [
        part("Drift", "drift", table),
        part("Targets", "drift", lambda: targets(records, "drift")),
        part("Calibration", "drift", calibration),
        part("Accuracy by the number of requirements", "drift", requirements),
    ]  # fmt: skip
    return Section("drift", "Drift", text, parts)
