"""Documents that a contestant fails on are counted, never scored 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evals.baselines.presence import MissingBaseline
from evals.baselines.record import Scorer
from evals.baselines.scores import ConstantScores, check_scores, is_discrete
from evals.failures import reason_of
from yofo_rerank.documents import Document
from yofo_rerank.errors import YofoError

DOCUMENT_ERRORS = (YofoError, ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)
NOT_OF_A_DOCUMENT = (ConstantScores, MissingBaseline)


@dataclass(frozen=True)
class Counted:
    """Scores in the order of the documents, None for each that failed, and why it did by its place."""

    scores: tuple[float | None, ...]
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """How many documents have no score."""
        return len(self.reasons)


def score_counting(scorer: Scorer, query: str, documents: Sequence[Document]) -> Counted:
    """Score what can be scored: a document that fails gets None and its reason, and the others go on without it.

    All scores come from one call, for those of a listwise contestant mean nothing across calls: what cannot be
    decoded is left out, then what halving finds; if the rest still cannot be scored together, all of it has failed.

    Raises:
        ConstantScores: of the contestant, not of a document.
        MissingBaseline: likewise.
    """
    places = list(range(len(documents)))
    reasons: dict[int, str] = {}
    found = _try(scorer, query, documents)
    for find in (_undecodable, lambda left: _failing_alone(scorer, query, left)):
        if not isinstance(found, str):
            break
        failing = find([documents[place] for place in places])
        if failing:
            reasons |= {places[at]: reason for at, reason in failing.items()}
            places = [place for place in places if place not in reasons]
            found = _try(scorer, query, [documents[place] for place in places])
    if isinstance(found, str):
        reasons |= dict.fromkeys(places, found)
        places, found = [], []
    scores = dict(zip(places, found, strict=True))
    return Counted(tuple(scores.get(place) for place in range(len(documents))), dict(sorted(reasons.items())))


def _try(scorer: Scorer, query: str, documents: Sequence[Document]) -> list[float] | str:
    """The scores, or why there are none."""
    try:
        found = scorer.score(query, documents) if documents else []
        return check_scores("contestant", documents, found, discrete=is_discrete(scorer))
    except NOT_OF_A_DOCUMENT:
        raise
    except DOCUMENT_ERRORS as error:
        return f"{reason_of(error)}: {error}"


def _undecodable(documents: Sequence[Document]) -> dict[int, str]:
    """Pictures that cannot be read, by their place: found without the contestant."""
    reasons = {}
    for place, document in enumerate(documents):
        try:
            document.load_image()
        except DOCUMENT_ERRORS as error:
            reasons[place] = f"{reason_of(error)}: {error}"
    return reasons


def _failing_alone(scorer: Scorer, query: str, documents: Sequence[Document]) -> dict[int, str]:
    """Documents that fail by themselves, by their place: in halves of what fails, down to one."""
    reasons = {}
    middle = len(documents) // 2
    waiting = [range(middle), range(middle, len(documents))] if middle else [range(len(documents))]
    while waiting:
        places = waiting.pop()
        try:
            found = _try(scorer, query, [documents[place] for place in places])
        except ConstantScores:  # of a part, which may be
            continue
        if not isinstance(found, str):
            continue
        if len(places) == 1:
            reasons[places[0]] = found
        else:
            middle = len(places) // 2
            waiting += [places[:middle], places[middle:]]
    return reasons
