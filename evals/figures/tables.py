"""The tables of README and of the model cards, each made of one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evals.figures.markdown import table
from evals.figures.records import Missing, Records
from evals.wilson import interval

FORMS = ("plain", "negated", "either")
ACCURACY = ("Acc_property", "Acc_sample", "plain", "negated", "either-or")
MEASURES = ("precision@1", "nDCG@10", "MRR")
HELD_OUT = "held-out combinations and wordings"


def accuracy(records: Records) -> str:
    """The two conditions that count."""
    found = records.figures("mini_accuracy")["conditions"]
    return table(("documents", *ACCURACY), [_accuracy("pictures", found["image"]), _accuracy("texts", found["text"])])


def accuracy_by_condition(records: Records) -> str:
    """Every condition."""
    names = {"image": f"pictures, {HELD_OUT}", "text": f"texts, {HELD_OUT}"}
    found = records.figures("mini_accuracy")["conditions"]
    return table(("documents", *ACCURACY), [_accuracy(names.get(name, name), one) for name, one in found.items()])


def lessons(records: Records) -> str:
    """What the run that made the embedded models did, and how long it took."""
    trained = {
        "vision": "attributes, vision tower",
        "language": "statements, language model",
        "together": "both at once",
        "adapter": "the adapter (on unseen examples)",
        "clip": "the first stage (its naming head)",
    }
    found = records.figures("train_mini")["lessons"]
    rows = [
        (shown, f"{found[name]['steps']:,}", f"{found[name]['minutes']:.0f}", _three(found[name]["accuracy"]))
        for name, shown in trained.items()
    ]
    return table(("lesson", "steps", "minutes", "accuracy at its end"), rows)


def search(records: Records) -> str:
    """Four orders of the same candidates."""
    names = {
        "first stage": "CLIP's",
        "reranked": "reranked",
        "reranked, given requirements": "reranked, requirements given",
        "ideal": "best possible",
    }
    found = records.figures("mini_search")
    rows = [(shown, *(_three(found["orders"][name][one]["mean"]) for one in MEASURES)) for name, shown in names.items()]
    return table((f"order of the {found['first_stage']['depth']} candidates", *MEASURES), rows)


def first_stage(records: Records) -> str:
    """What the embedded CLIP finds."""
    found = records.figures("mini_search")
    names = {
        "recall_whole": "exact in the whole sentence",
        "recall_positive": "exact in its positive part",
        "recall_positive_by_positive_text": "exact in its positive part, searched by that alone",
    }
    first = found["first_stage"]
    rows = [(f"recall@{first['depth']}, items {shown}", _interval(first[name])) for name, shown in names.items()]
    best = found["orders"]["first stage"]["precision@1"]
    rows.append(("first place relevant (precision@1), whole sentence", _interval(best)))
    return table((f"{found['queries']['n']} sentences", "mean [95 % interval]"), rows)


def first_looks(records: Records) -> str:
    """How the rules decomposer read sentences that were unseen until then."""
    looks = (
        ("before the grammar", "first_look_before", "voices"),
        ("the grammar, first look", "first_look_voices", "voices"),
        ("now", "decompose", "voices"),
        ("the grammar, first look", "first_look_late", "late"),
        ("now", "decompose", "late"),
    )
    kinds = ("right", "whole", "inverted", "garbled")
    rows = []
    for when, record, style in looks:
        counts = records.figures(record)["held out"]["styles"][style]
        rows.append((f"`{style}.txt`, {when}", str(sum(counts.values())), *(str(counts[kind]) for kind in kinds)))
    return table(("sentences", "n", *kinds), rows)


def speed(records: Records) -> str:
    """The embedded judge beside its peer."""
    found = records.figures("bench_peers")["seconds"]
    least = {name: times["min"] for name, times in found.items()}
    rows = [
        (shown, f"{least[name]:.2g}", _times(least["one_score"], least[name]), _times(least["each"], least[name]))
        for name, shown in (("cold", "nothing known"), ("states", "prefix states kept"), ("verdicts", "verdicts kept"))
    ]
    return table(("", "seconds", "against one score per document", "against one score per requirement"), rows)


def full_size(records: Records) -> str:
    """Models of full size with random weights."""
    columns = (
        "shape", "peak memory", "one pass", "ten passes", "ratio (on paper)", "kept prefix", "cold : kept (on paper)",
    )  # fmt: skip
    return table(columns, [_shape(name, one) for name, one in records.figures("bench_full_size").items()])


def _accuracy(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    means = [found["acc_property"], found["acc_sample"], *(found["by_form"][form] for form in FORMS)]
    return (name, *(_three(one["mean"]) for one in means))


def _shape(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    measured, paper = found["measured"], found["arithmetic"]
    one, each, kept = (measured[f"{key}_seconds"]["median"] for key in ("one_pass", "pass_per_requirement", "cached"))
    return (
        name,
        f"{measured['peak_memory_gib']:.1f} GiB",
        f"{one:.1f} s",
        f"{each:.1f} s",
        f"{measured['one_pass_ratio']:.1f} ({paper['one_pass_ratio']:.1f})",
        f"{kept:.1f} s",
        f"{measured['cached_ratio']:.1f} ({paper['cached_ratio']:.1f})",
    )


def _three(value: float) -> str:
    return f"{value:.3f}"


def _times(theirs: float, ours: float) -> str:
    ratio = theirs / ours
    return f"{ratio:.2f}x" if ratio < 2 else f"{ratio:.1f}x" if ratio < 20 else f"{ratio:.0f}x"


def _interval(found: Mapping[str, float]) -> str:
    mean, low, high = interval(found)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def _or_missing(make: Callable[[Records], str]) -> Callable[[Records], str]:
    def made(records: Records) -> str:
        try:
            return make(records)
        except Missing as missing:
            return f"{str(missing)[0].upper()}{str(missing)[1:]}."  # never an empty table

    return made


TABLES: dict[str, Callable[[Records], str]] = {
    name: _or_missing(make)
    for name, make in {
        "accuracy": accuracy,
        "accuracy by condition": accuracy_by_condition,
        "lessons": lessons,
        "search": search,
        "first stage": first_stage,
        "first looks": first_looks,
        "speed": speed,
        "full size": full_size,
    }.items()
}
