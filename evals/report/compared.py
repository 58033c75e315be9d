"""Section that lays the paper's table 1 beside ours, and says which row was trained how long, and reads what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from evals.figures.records import Missing, Records
from evals.report.content import Plot, Section, Table
from evals.report.names import LIKE_FOR_LIKE, YOFO, about_base, reads, shown
from evals.report.paper import paper_table
from evals.report.parts import bounds, mean, p_value, part, percent, source
from evals.report.plots import bars
from evals.report.speeds import error_against_throughput, throughput
from evals.report.targets import targets

TEXT = (
    "Pairs of one category with a customer's sentence and an expression: how often the worse one is put first. The "
    "paper's rows are large models on photographs; ours are small models on drawn garments, so that no figure of one "
    "table can be compared with a figure of the other, at most the order of the rows."
)


def ranking(records: Records) -> Section:
    """Table 1: who orders a pair wrongly how often."""
    parts = [
        paper_table("table 1"),
        part("Ranking errors", "pairs", lambda: _errors(records)),
        part("Ranking errors, drawn", "pairs", lambda: _error_bars(records)),
        part("Targets", "pairs", lambda: targets(records, "pairs")),
        part("By the requirements that the worse one misses", "pairs", lambda: _by_differences(records)),
        part("Throughput", "throughput", lambda: throughput(records)),
        part("Targets of throughput", "throughput", lambda: targets(records, "throughput")),
        part("Error against throughput", "throughput", lambda: error_against_throughput(records)),
    ]
    return Section("ranking", "Ranking errors and throughput (table 1)", f"{TEXT} {_fairness(records)}".strip(), parts)


def _fairness(records: Records) -> str:
    """Who was trained here for how long, and who reads what: from the record."""
    try:
        found = _contestants(records)
    except Missing:
        return ""
    budgets: dict[float, list[str]] = defaultdict(list)
    for name, one in found.items():
        budgets[(one.get("trained") or {}).get("processor_seconds", 0)].append(name)
    elsewhere = "; ".join(budgets.pop(0, []))  # many a name has a comma
    said = [
        f"Trained here on the same pictures for {seconds:.0f} processor seconds: {'; '.join(names)}."
        for seconds, names in budgets.items()
    ]
    said.append(f"Not trained for this comparison, so of no such budget: {elsewhere}." if elsewhere else "")
    said.append(
        "Yofo without its own decomposer, and the base, are given the requirements and the expression that a sentence "
        "was made from, the others the sentence alone."
    )
    if LIKE_FOR_LIKE in found:
        said.append(f"The row to lay beside theirs is {LIKE_FOR_LIKE}: it takes the sentence apart itself, by rules.")
    return " ".join(one for one in [*said, about_base(records, "pairs")] if one)


def _contestants(records: Records) -> Mapping[str, Any]:
    found: Mapping[str, Any] = records.figures("pairs")["contestants"]
    return dict(sorted(found.items(), key=lambda one: -mean(one[1]["err_rank"])))


def _errors(records: Records) -> Table:
    found = _contestants(records)
    rows = tuple(_error(name, one) for name, one in found.items())
    columns = (
        "contestant", "Err_rank (%)", "it reads", "ties (%)", "failed documents", f"p against {YOFO}",
        "steps trained here", "processor seconds", "licence",
    )  # fmt: skip
    bold = frozenset(place for place, name in enumerate(found) if name in (YOFO, LIKE_FOR_LIKE))
    settings = records["pairs"]["settings"]
    note = f"of the record: {settings['note']}" if settings.get("note") else ""
    return Table("Ranking errors", columns, rows, source(records, "pairs"), note, bold)


def _error(name: str, one: Mapping[str, Any]) -> tuple[str, ...]:
    trained = one.get("trained") or {}
    return (
        shown(name), percent(one["err_rank"]), reads(name, one), percent(one.get("ties"), 2),
        str(one.get("failures", 0)), p_value(one.get("more_than_yofo") or one.get("p_value")),
        str(trained.get("steps", "-")), f"{trained['processor_seconds']:.0f}" if trained else "-",
        one.get("licence", "-"),
    )  # fmt: skip


def _error_bars(records: Records) -> Plot:
    found = _contestants(records)
    values = {shown(name): _percents(one["err_rank"]) for name, one in found.items()}
    drawn = bars(values, y="Err_rank (%), 95 % interval", highlight=(YOFO, shown(LIKE_FOR_LIKE)))
    said = ", ".join(f"{name} {value[0]:.1f} %" for name, value in values.items())
    return Plot("Ranking errors, drawn", drawn, said, source(records, "pairs"))


def _percents(found: Any) -> tuple[float, float, float]:
    middle, low, high = bounds(found)
    return 100 * middle, 100 * low, 100 * high


def _by_differences(records: Records) -> Table:
    split = records.figures("pairs")["by_differences"]
    groups = tuple(next(iter(split.values())))
    rows = tuple(
        (shown(name), *(percent(split[name].get(group)) for group in groups)) for name in _contestants(records)
    )
    columns = ("contestant", *(f"{group} missed (%)" for group in groups))
    note = "where resampling gives no width, because all or none are wrong, Wilson's interval stands"
    return Table("By the requirements that the worse one misses", columns, rows, source(records, "pairs"), note)
