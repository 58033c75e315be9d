"""Section on any other task: one table for each, of the records of `evals.rank` and `evals.verdicts`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from evals.figures.records import Records
from evals.report.content import Absent, Part, Section, Table
from evals.report.names import licence_of, model_of, reads_of
from evals.report.parts import number, p_value, share, source
from evals.suite.steps import COMPARED, command_of

KINDS = ("rank", "verdicts", "dependency")  # what the names of such records begin with
SPEEDS = ("pairs_per_second", "units_per_second")
NOTE = "Who failed on different documents was measured on different ones: compare rows of which none failed."
COMMAND = "python -m evals.rank --task MCMR --model yofo --model jina-reranker-m0"


def published(records: Records) -> Section:
    """Real checkpoints on published data, and the mini task through mteb."""
    tables: dict[str, list[str]] = defaultdict(list)
    for name, record in records.read.items():
        kind = name.partition("_")[0]
        if kind in KINDS and "model" in record["settings"]:
            tables[_title(kind, record["settings"])].append(name)
    wanted = [name for step in COMPARED for name in step.records if name.partition("_")[0] in KINDS and "_" in name]
    parts: list[Part] = [_table(title, names, records) for title, names in tables.items() if _measured(names, records)]
    parts += [Absent(name, f"not measured yet: run `{command_of(name)}`") for name in wanted if name not in records]
    if not any(records[name]["settings"].get("task") == "MCMR" for names in tables.values() for name in names):
        parts.append(Absent("Published data", f"not measured yet: run `{COMMAND}` where the hub can be reached"))
    text = "The same programs rank and judge any data set of mteb and the sets of evals.verdicts, with any contestant."
    return Section("published", "Through mteb, and on published data", text, parts)


def _title(kind: str, settings: Mapping[str, Any]) -> str:
    data = settings.get("task") or settings.get("set") or settings.get("name") or "?"
    first = f", the first {settings['limit']}" if settings.get("limit") else ""
    return f"{data} ({kind}{first})"


def _measured(names: list[str], records: Records) -> list[str]:
    return [name for name in names if "missing" not in records.figures(name)]


def _table(title: str, names: list[str], records: Records) -> Table:
    found = {name: _estimates(records.figures(name)) for name in _measured(names, records)}
    measures = list(dict.fromkeys(measure for one in found.values() for measure in one))
    compared = any("against" in records.figures(name) for name in found)
    rows = []
    for name, one in found.items():
        settings, figures = records[name]["settings"], records.figures(name)
        shares = (share(one.get(measure)) for measure in measures)
        told = (reads_of(settings, figures), licence_of(settings), settings.get("licence", "-"))
        beside = (_against(figures),) if compared else ()
        model = model_of(settings, name.partition("_")[0])
        rows.append((model, *told, *shares, *beside, _failed(figures), _speed(figures)))
    paired = ("p, paired",) if compared else ()
    columns = ("model", "it reads", "licence", "licence of the data", *measures, *paired, "failed", "a second")
    return Table(title, columns, tuple(rows), source(records, next(iter(found))), NOTE)


def _against(figures: Mapping[str, Any]) -> str:
    """Of each measure, how likely the difference from each record of ours is where there is none."""
    told = [
        f"against {ours}: {', '.join(f'{measure} {p_value(gap)}' for measure, gap in one['measures'].items())}"
        for ours, one in figures.get("against", {}).items()
    ]
    return "; ".join(told) or "-"


def _failed(figures: Mapping[str, Any]) -> str:
    """What could not be judged, of all; the shares are those of the others, but for a query or pair it is an error."""
    asked = next((figures[name] for name in ("pairs", "units") if isinstance(figures.get(name), int)), None)
    failed = figures.get("failed", {})
    count = failed.get("documents", failed.get("units"))
    return "-" if count is None else f"{count:,} of {asked:,}" if asked else f"{count:,}"


def _estimates(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Every mean with its interval, also those one level below."""
    own = {name: one for name, one in figures.items() if _is_estimate(one)}
    return own | {name: one for name, one in figures.get("by_query", {}).items() if _is_estimate(one)}


def _is_estimate(found: Any) -> bool:
    return isinstance(found, Mapping) and {"mean", "low", "high"} <= found.keys()


def _speed(figures: Mapping[str, Any]) -> str:
    return number(next((figures[name] for name in SPEEDS if name in figures), None))
