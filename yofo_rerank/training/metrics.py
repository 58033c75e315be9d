"""The paper's accuracies (section 4.3); every argument is one list of verdicts per sample, in template order."""

from __future__ import annotations

from collections.abc import Sequence

Verdicts = Sequence[Sequence[bool]]


def acc_property(judged: Verdicts, expected: Verdicts) -> float:
    """Share of requirements judged correctly.

    >>> acc_property([[True, False], [True]], [[True, True], [True]])
    0.6666666666666666
    """
    return _mean([hit for sample in _hits(judged, expected) for hit in sample])


def acc_sample(judged: Verdicts, expected: Verdicts) -> float:
    """Share of samples with every requirement judged correctly.

    >>> acc_sample([[True, False], [True]], [[True, True], [True]])
    0.5
    """
    return _mean([all(sample) for sample in _hits(judged, expected)])


def acc_by_position(judged: Verdicts, expected: Verdicts) -> list[float]:
    """Accuracy at the first, second, ... requirement of the template (figure 6), over the samples that have one.

    >>> acc_by_position([[True, False], [True]], [[True, True], [True]])
    [1.0, 0.0]
    """
    hits = _hits(judged, expected)
    longest = max((len(sample) for sample in hits), default=0)
    return [_mean([sample[place] for sample in hits if place < len(sample)]) for place in range(longest)]


def acc_dep(judged: Verdicts, expected: Verdicts) -> float:
    """Share of dependent requirements, the second of each sample, judged correctly (table 2).

    >>> acc_dep([[True, True], [True, False]], [[True, False], [False, True]])
    0.0
    """
    return _mean([sample[1] for sample in _hits(judged, expected)])


def _hits(judged: Verdicts, expected: Verdicts) -> list[list[bool]]:
    return [
        [got == wanted for got, wanted in zip(sample, answers, strict=True)]
        for sample, answers in zip(judged, expected, strict=True)
    ]


def _mean(hits: Sequence[bool]) -> float:
    if not hits:
        raise ValueError("accuracy wants at least one judgement, but got none")
    return sum(hits) / len(hits)
