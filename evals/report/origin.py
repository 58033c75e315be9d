"""Where the figures come from: who took part under which licence, what is missing, which commit and machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evals.baselines.registry import baselines
from evals.figures.records import Missing, Records
from evals.record import mini_weights
from evals.report.content import Absent, Part, Section, Table
from evals.report.parts import commit_of, source
from evals.suite.steps import COMPARED, STEPS

STATES = {
    "trained": "trained here",
    "tiny": "its code runs here on tiny random weights",
    "waits": "waits for its checkpoint",
}

PUBLISHED = "CLIP, SigLIP 2, BLIP-2, jina-reranker or any other"


def checkpoints(records: Records) -> str:
    """Which published checkpoints took part; a name alone is none, for models of the same kinds are trained here."""
    models = {record["settings"].get("model") for record in records.read.values() if "missing" not in record["figures"]}
    ran = [name for name, one in baselines().items() if name in models and one.hub_id and one.state != "trained"]
    if ran:
        return f"Of published checkpoints there ran {', '.join(ran)}; what is called -style was trained here."
    return (
        f"No published checkpoint of {PUBLISHED} was run: the contestants here are small models of the same kinds, "
        "trained on the mini world. How the real ones are run: `python -m evals.baselines`."
    )


def contestants(records: Records) -> Section:
    """Everybody, with licence and state."""
    rows = tuple(
        (
            one.name, one.kind, " + ".join(one.reads), one.licence, one.hub_id or "-", (one.revision or "-")[:12],
            one.parameters or "-", STATES[one.state] + (f"; unverified: {one.unverified}" if one.unverified else ""),
        )
        for one in baselines().values()
    )  # fmt: skip
    columns = ("name", "kind", "reads", "licence", "hub id", "revision", "parameters", "state")
    table: Part = (
        Table("All", columns, rows, source="evals/baselines")
        if rows
        else Absent("All", "no contestant is registered in `evals/baselines`")
    )
    text = "A licence is that of the weights; what nobody could check is marked unverified. No checkpoint is shipped."
    return Section("contestants", "Contestants and licences", text, [table, *_missing(records)])


def _missing(records: Records) -> list[Part]:
    rows = tuple(
        (one["name"], one["reason"], name)
        for name, record in records.read.items()
        for one in record["figures"].get("missing", ())
    )
    return [Table("Missing contestants", ("name", "why", "record"), rows, source="records")] if rows else []


def origin(records: Records) -> Section:
    """Command, commit and machine of every record, and the records that are not there."""
    rows = tuple(_row(name, record) for name, record in records.read.items())
    columns = ("record", "command", "commit", "date", "version", "embedded weights", "repeats", "seconds", "processor")
    note = (
        "A commit with + had uncommitted changes. Times depend on the machine; the other figures do not. What was "
        f"measured with earlier embedded weights holds for those; the digest of the present ones is {mini_weights()}."
    )
    parts: list[Part] = [Table("Records", columns, rows, source="evals/results", note=note), *_suite(records)]
    wanted = [name for step in (*STEPS, *COMPARED) for name in step.records]
    parts += [Absent(name, _why(records, name)) for name in wanted if name not in records]
    return Section("origin", "Where the figures come from", "", parts)


def _suite(records: Records) -> list[Part]:
    """What the whole suite took, where it ran as a whole."""
    if "suite" not in records:
        return []
    figures = records["suite"]["figures"]
    states = Counter(one["state"] for one in figures["steps"].values())
    counted = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    rows = (
        ("all steps, each by the run that made its record", f"{figures['seconds_of_all_steps']:.0f}"),
        (f"the last run ({counted})", f"{figures['seconds']:.0f}"),
    )
    return [Table("The whole suite", ("", "seconds"), rows, source=source(records, "suite"))]


def _row(name: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    about = record["about"]
    return (
        name, about["command"], commit_of(about), about["date"][:10],
        about["versions"].get("yofo-rerank") or "-", _weights(record), str(record["settings"].get("repeats", "-")),
        f"{about['seconds']:.0f}" if "seconds" in about else "-", f"{about['cpu']}, {about['cpu_count']} cores",
    )  # fmt: skip


def _weights(record: Mapping[str, Any]) -> str:
    model = str(record["settings"].get("model", ""))
    if "/" in model:  # others than the embedded ones
        return model
    return "as shipped" if record["about"].get("mini") == mini_weights() else "earlier"


def environment(records: Records) -> dict[str, str]:
    """Versions of the newest record, for the foot of the page."""
    if not records.read:
        return {}
    newest = max(records.read.values(), key=lambda record: record["about"]["date"])["about"]
    return {"Python": newest["python"]} | {name: found for name, found in newest["versions"].items() if found}


def _why(records: Records, name: str) -> str:
    try:
        records[name]
    except Missing as missing:
        return str(missing)
    return ""
