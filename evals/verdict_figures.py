"""Figures over asked units: property, sample and dependency accuracy, choices, Err_rank; each with what failed.

Definitions of the paper, section 4.3. A document that failed is in none of the shares, and is counted beside them; a
pair of which one failed is an error in Err_rank, as in `evals.pairs`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from evals.accuracy import Verdict, summarise
from evals.bootstrap import estimate
from evals.verdict_sets.record import Pair, Sample, Unit

Answered = Sequence[tuple[Unit, dict[str, Any]]]


def figures_of(answered: Answered, measures: str) -> dict[str, Any]:
    """What goes into the record."""
    seconds = sum(found["seconds"] for _, found in answered)
    failed = Counter(found["failed"] for _, found in answered if found.get("failed"))
    right = [(unit, found) for unit, found in answered if not found.get("failed")]
    figures: dict[str, Any] = {
        "units": len(answered),
        "failed": {"units": failed.total(), "by_reason": dict(failed)},
        "seconds": seconds,
        "units_per_second": len(answered) / seconds if seconds else None,
    }
    if measures == "pairs":
        return figures | (pair_figures(answered) if answered else {})
    if not right:
        return figures
    figures |= verdict_figures(right) | separation_figures(right)
    if measures in ("choice", "crossed"):
        figures["acc_choice"] = asdict(estimate([[chosen(unit, found)] for unit, found in right]))
        figures["acc_choice_by_group"] = _by_group(right, chosen)
    return figures | (crossed_figures(right) if measures == "crossed" else {})


def verdict_figures(answered: Answered) -> dict[str, Any]:
    """Accuracies of verdicts; nothing where the contestant gives only scores."""
    verdicts = [
        Verdict(place, position, unit.group or "all", "", asked.answer, p_yes, yes)
        for place, (unit, found) in enumerate(answered)
        if isinstance(unit, Sample) and found["yes"] is not None
        for position, (asked, p_yes, yes) in enumerate(zip(unit.asked, found["p"], found["yes"], strict=True))
    ]
    if not verdicts:
        return {}
    figures = summarise(verdicts)
    figures.pop("by_attribute")
    return figures | {"by_group": figures.pop("by_form")} | dependency_figures(answered)


def separation_figures(answered: Answered) -> dict[str, Any]:
    """AUROC: how often a true statement has a higher score than a false one; of scores that are no verdicts, too."""
    from sklearn.metrics import roc_auc_score

    said = [
        (asked.answer, score)
        for unit, found in answered
        if isinstance(unit, Sample)
        for asked, score in zip(unit.asked, found["p"], strict=True)
    ]
    answers = [answer for answer, _ in said]
    if len(set(answers)) < 2:  # nothing to tell apart
        return {}
    return {"auroc": float(roc_auc_score(answers, [score for _, score in said]))}


def dependency_figures(answered: Answered) -> dict[str, Any]:
    """Accuracy of questions that depend on others: by the truth, and by the answer that was given to the one before.

    The second is for questions about that answer itself ("the opposite of ..."), and follows the paper: a wrong answer
    before is no fault of the one that depends on it.
    """
    by_truth, by_given = [], []
    for unit, found in answered:
        if not isinstance(unit, Sample):
            continue
        pairs = list(zip(unit.asked, found["yes"], strict=True))
        dependent = [(asked, yes) for asked, yes in pairs if asked.depends_on]
        by_truth.append([yes == asked.answer for asked, yes in dependent])
        by_given.append(
            [yes != found["yes"][asked.depends_on[0]] for asked, yes in dependent if unit.id.endswith("/opposite")]
        )
    figures = {}
    if any(by_truth):
        figures["acc_dep"] = asdict(estimate(by_truth))
    if any(by_given):
        figures["acc_dep_given"] = asdict(estimate(by_given))
    return figures


def pair_figures(answered: Answered) -> dict[str, Any]:
    """Err_rank: share of pairs that failed, or whose worse document is scored as high as the better one or higher."""
    return {
        "err_rank": asdict(estimate([[not ranked(unit, found)] for unit, found in answered])),
        "err_rank_by_group": _by_group(answered, lambda unit, found: not ranked(unit, found)),
        "ties": sum(not found.get("failed") and found["p"][0] == found["p"][1] for _, found in answered)
        / len(answered),
    }


def ranked(unit: Unit, found: dict[str, Any]) -> bool:
    """Whether the better document of a pair has the higher score; equal scores have not, and what failed has none."""
    if not isinstance(unit, Pair):
        raise TypeError(f"wanted a pair, but got {type(unit).__name__}")
    return not found.get("failed") and bool(found["p"][unit.better] > found["p"][1 - unit.better])


def chosen(unit: Unit, found: dict[str, Any]) -> bool:
    """Whether the true statement of a sample has the highest score of all; a tie has not."""
    if not isinstance(unit, Sample):
        raise TypeError(f"wanted a sample, but got {type(unit).__name__}")
    true = next(place for place, asked in enumerate(unit.asked) if asked.answer)
    return all(found["p"][true] > score for place, score in enumerate(found["p"]) if place != true)


def crossed_figures(answered: Answered) -> dict[str, Any]:
    """Winoground's text, image and group scores over examples of which both pictures were scored."""
    shares = _crossed(answered)
    return {name: asdict(estimate([[hit] for hit in hits.values()])) for name, hits in shares.items() if hits}


def _crossed(answered: Answered) -> dict[str, dict[str, bool]]:
    """Each score of each example."""
    examples: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for unit, found in answered:
        example, _, place = unit.id.rpartition("/")
        examples[example][place] = found["p"]
    both = {name: (one["0"], one["1"]) for name, one in examples.items() if len(one) == 2}
    text = {name: first[0] > first[1] and second[1] > second[0] for name, (first, second) in both.items()}
    image = {name: first[0] > second[0] and second[1] > first[1] for name, (first, second) in both.items()}
    group = {name: text[name] and image[name] for name in both}
    return {"text_score": text, "image_score": image, "group_score": group}


def values_of(answered: Answered, measures: str) -> dict[str, dict[str, float]]:
    """What each unit is worth in each measure, for paired comparisons: of statements, the share judged rightly."""
    if measures == "pairs":
        return {"err_rank": {unit.id: float(not ranked(unit, found)) for unit, found in answered}}
    right = [(unit, found) for unit, found in answered if not found.get("failed")]
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for unit, found in right:
        if not isinstance(unit, Sample) or found["yes"] is None:
            continue
        hits = [yes == asked.answer for asked, yes in zip(unit.asked, found["yes"], strict=True)]
        dependent = [hit for asked, hit in zip(unit.asked, hits, strict=True) if asked.depends_on]
        values["acc_property"][unit.id] = sum(hits) / len(hits)
        values["acc_sample"][unit.id] = float(all(hits))
        if dependent:
            values["acc_dep"][unit.id] = sum(dependent) / len(dependent)
    if measures in ("choice", "crossed"):
        values["acc_choice"] = {unit.id: float(chosen(unit, found)) for unit, found in right}
    if measures == "crossed":
        values |= {name: {one: float(hit) for one, hit in hits.items()} for name, hits in _crossed(right).items()}
    return dict(values)


def _by_group(answered: Answered, hit: Callable[[Unit, dict[str, Any]], bool]) -> dict[str, Any]:
    groups: dict[str, list[list[float]]] = defaultdict(list)
    for unit, found in answered:
        groups[unit.group or "all"].append([hit(unit, found)])
    return {name: asdict(estimate(hits)) for name, hits in sorted(groups.items())}
