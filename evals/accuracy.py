"""Figures over judged statements: accuracy, by what kind of statement and at which place, and calibration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.bootstrap import Estimate, estimate
from evals.calibration import brier, calibration_error, expected_calibration_error


@dataclass(frozen=True)
class Verdict:
    """One judged statement beside the truth about it."""

    document: int
    position: int  # in the template, from 0
    form: str  # plain, negated, either
    attribute: str
    answer: bool
    p_yes: float
    verdict: bool

    @property
    def right(self) -> bool:
        """Whether the judge said what is true."""
        return self.verdict == self.answer


def summarise(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """All figures of one condition; intervals come from resampling documents."""
    positions = accuracy_by(verdicts, lambda verdict: verdict.position)
    p_yes, answers = [one.p_yes for one in verdicts], [one.answer for one in verdicts]
    return {
        "documents": len({verdict.document for verdict in verdicts}),
        "statements": len(verdicts),
        "true_share": sum(answers) / len(answers),
        "yes_share": sum(one.verdict for one in verdicts) / len(verdicts),
        "acc_property": asdict(acc_property(verdicts)),
        "acc_sample": asdict(acc_sample(verdicts)),
        "by_form": _plain(accuracy_by(verdicts, lambda verdict: verdict.form)),
        "by_attribute": _plain(accuracy_by(verdicts, lambda verdict: verdict.attribute)),
        "by_position": [positions[place].mean for place in sorted(positions)],
        "position_gap": position_gap(positions),
        "ece": expected_calibration_error(p_yes, answers),
        "calibration_error": asdict(ece_of(verdicts)),
        "brier": brier(p_yes, answers),
    }


def acc_property(verdicts: Sequence[Verdict]) -> Estimate:
    """Share of statements judged rightly (paper §4.3)."""
    return estimate([[one.right for one in cluster] for cluster in _documents(verdicts)])


def acc_sample(verdicts: Sequence[Verdict]) -> Estimate:
    """Share of documents with every statement judged rightly (paper §4.3)."""
    return estimate([[all(one.right for one in cluster)] for cluster in _documents(verdicts)])


def ece_of(verdicts: Sequence[Verdict]) -> Estimate:
    """Expected calibration error, with the interval from resampling documents."""
    return calibration_error(
        [([one.p_yes for one in cluster], [one.answer for one in cluster]) for cluster in _documents(verdicts)]
    )


def shares_by_document(verdicts: Sequence[Verdict]) -> list[float]:
    """Share of the statements judged rightly, of each document: what is said of one document goes together.

    >>> said = [Verdict(0, 0, "plain", "", True, 0.9, right) for right in (True, False)]
    >>> shares_by_document([*said, Verdict(1, 0, "plain", "", True, 0.9, True)])
    [0.5, 1.0]
    """
    return [sum(one.right for one in cluster) / len(cluster) for cluster in _documents(verdicts)]


def accuracy_by(verdicts: Sequence[Verdict], key: Callable[[Verdict], Hashable]) -> dict[Any, Estimate]:
    """Accuracy within each group, in order of the groups' names."""
    groups: dict[Any, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[key(verdict)].append(verdict)
    return {group: acc_property(groups[group]) for group in sorted(groups)}


def position_gap(positions: dict[int, Estimate]) -> float:
    """How far the worst template position is under the best one."""
    means = [position.mean for position in positions.values()]
    return max(means) - min(means)


def _documents(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    clusters: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        clusters[verdict.document].append(verdict)
    return list(clusters.values())


def _plain(groups: dict[Any, Estimate]) -> dict[str, dict[str, float]]:
    return {str(group): asdict(estimate_) for group, estimate_ in groups.items()}
