"""Sections that lay the paper's tables 2, 3 and 4 beside ours, and say how to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evals.figures.records import Missing, Records
from evals.report.content import Part, Section, Table
from evals.report.names import BASES, about_base, shown
from evals.report.paper import paper_table
from evals.report.parts import bounds, p_value, part, percent, source
from evals.report.targets import targets

BETTER = "better_than_"


@dataclass(frozen=True)
class Ablation:
    """One table of the paper, and the record beside it."""

    table: str
    record: str
    title: str
    measures: tuple[str, ...]
    text: str


ABLATIONS = (
    Ablation(
        "table 2",
        "dependency",
        "Dependent questions (table 2)",
        ("acc_dep", "opposite_of_own_answer", "acc_property"),
        "Acc_dep: a second statement asks for the opposite of the first one's answer, which is not given. About half "
        "of the first answers are yes, so that guessing reaches about 50 %.",
    ),
    Ablation(
        "table 3",
        "reasons",
        "Training and post-hoc reasons (table 3)",
        ("acc_property", "acc_sample"),
        "Acc_property: the share of statements judged rightly; Acc_sample: of pictures with all ten right.",
    ),
    Ablation(
        "table 4",
        "ranks",
        "Rank of LoRA (table 4)",
        ("acc_property", "acc_sample"),
        "The same adapter at four ranks, trained for the same processor seconds each.",
    ),
)


def ablations(records: Records) -> list[Section]:
    """Tables 2, 3 and 4: dependent questions, post-hoc reasons, the rank of LoRA."""
    return [_section(records, one) for one in ABLATIONS]


def _section(records: Records, one: Ablation) -> Section:
    parts = [paper_table(one.table), part("Ours", one.record, _rows(records, one))]
    if one.record in records and records.figures(one.record).get("targets"):
        parts.append(part("Targets", one.record, lambda: targets(records, one.record)))
    return Section(one.record, one.title, f"{one.text} {_reading(records, one.record)}".strip(), parts)


def _reading(records: Records, record: str) -> str:
    """Whether the record tells its rows apart, by its own paired tests."""
    try:
        found = records.figures(record)["contestants"]
    except Missing:
        return ""
    said = [about_base(records, record)] if BASES.keys() & found.keys() else []
    tests = {name: test for name, one in found.items() if (test := _test(one)) and "zero-shot" not in name}
    if record == "dependency" and all(_holds(one["acc_dep"], 0.5) for one in found.values()):
        said.append("No row is better at it than guessing.")
    alike = [name for name, (_, one) in tests.items() if one["low"] <= 0 <= one["high"]]
    if tests and len(alike) == len(tests):
        against = next(iter(tests.values()))[0]
        said.append(
            f"{_listed([shown(name) for name in alike])} cannot be told from {against} in plain statements "
            f"({percent(found[against]['acc_property'])} %): the table is saturated, and says nothing for or "
            "against the paper's."
        )
    elif "base" in alike:
        said.append("In plain statements the base cannot be told from yofo, so there was little left to be learned.")
    return " ".join(said)


def _holds(found: Any, value: float) -> bool:
    _, low, high = bounds(found)
    return low <= value <= high


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _test(found: Mapping[str, Any]) -> tuple[str, Mapping[str, float]] | None:
    """The paired test that a row holds, and whom it is against."""
    return next(((key.removeprefix(BETTER), one) for key, one in found.items() if key.startswith(BETTER)), None)


def _rows(records: Records, ablation: Ablation) -> Callable[[], Part]:
    def made() -> Part:
        found = records.figures(ablation.record)["contestants"]
        rows = tuple(
            (
                shown(name),
                *(percent(one[measure]) for measure in ablation.measures),
                _paired(one),
                one.get("licence", "-"),
            )
            for name, one in found.items()
        )
        measured = (
            f"{measure.replace('acc', 'Acc').replace('_of_own_', ' of own ')} (%)" for measure in ablation.measures
        )
        columns = ("", *measured, "statements right, paired", "licence")
        return Table("Ours", columns, rows, source(records, ablation.record))

    return made


def _paired(found: Mapping[str, Any]) -> str:
    test = _test(found)
    if test is None:
        return "-"
    against, one = test
    p = p_value(one)
    return f"{100 * one['mean']:+.1f} against {against}, p {p}"
