"""Ask a contestant about one sample or one pair; what comes back is plain JSON, kept in the run's file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evals.baselines.counting import DOCUMENT_ERRORS, NOT_OF_A_DOCUMENT
from evals.baselines.scores import QUESTIONS, is_discrete, refuse_alike
from evals.failures import Streak, may_be_over, reason_of
from evals.run_file import RunFile
from evals.systems import System
from evals.verdict_sets.record import Asked, Pair, Sample, Unit
from yofo_rerank import Document
from yofo_rerank.errors import DocumentError, RequirementError, YofoError
from yofo_rerank.judging import check_requirements
from yofo_rerank.training.arrange import OPPOSITE, draw


def ask_all(
    system: System, units: Iterable[Unit], run: RunFile, *, whence: str = ""
) -> Iterator[tuple[Unit, dict[str, Any]]]:
    """Every unit with what was answered; those that the run has are not asked again, but for failures that may be over.

    Raises:
        ConstantScores: the first answers are all one score.
        MissingData: the first units fail, for their pictures are not there; `whence` says where they come from.
        AllFailed: they fail otherwise.
    """
    scores: list[list[float]] = []
    streak = Streak(system.name, whence)
    for unit in units:
        if not _is_finished(system, run.done.get(unit.id)):
            start = time.perf_counter()
            found = ask_pair(system, unit) if isinstance(unit, Pair) else ask_sample(system, unit)
            run.add(unit.id, found | {"seconds": time.perf_counter() - start})
        found = run.done[unit.id]
        streak.add(found.get("failed"), _shown(unit))
        if len(scores) < QUESTIONS and not found.get("failed") and not _counts(system):
            scores.append(found["p"])
            refuse_alike(system.name, scores)
        yield unit, found
    streak.close()


def _is_finished(system: System, found: dict[str, Any] | None) -> bool:
    """Whether a kept answer stays: no failure that may be over, and with verdicts where they are given."""
    if found is None or may_be_over(found.get("failed")):
        return False
    return system.judge is None or found.get("yes", True) is not None  # pairs have none; scores of an older program


def _shown(unit: Unit) -> str:
    """The file of a unit's picture, or the unit."""
    document = unit.documents[0] if isinstance(unit, Pair) else unit.document
    return str(document.image) if isinstance(document.image, str | Path) else unit.id


def _counts(system: System) -> bool:
    """Whether equal scores are an answer: of a scorer that counts."""
    return system.scorer is not None and is_discrete(system.scorer)


def ask_sample(system: System, sample: Sample) -> dict[str, Any]:
    """`p` of each statement and `yes`, its verdict (None where there are only scores); or why it `failed`."""
    try:
        document = sample.load()
    except DocumentError as error:
        return {"failed": error.code}
    if system.judge is not None:
        return _judged(system, document, sample.asked)
    scored = [system.score(one.text, [document])[0] for one in sample.asked]
    failed = next((one.failure for one in scored if one.failure), None)
    return {"failed": failed} if failed else {"p": [one.score for one in scored], "yes": None}


def _judged(system: System, document: Document, asked: tuple[Asked, ...]) -> dict[str, Any]:
    try:
        requirements = check_requirements([one.text for one in asked])
        [outcome] = system.judge.judge_outcomes([document], requirements)
    except RequirementError as error:  # a statement of the data set that cannot be asked: of this sample alone
        return {"failed": error.code}
    except DOCUMENT_ERRORS as error:
        if isinstance(error, NOT_OF_A_DOCUMENT) or (system.reranker and isinstance(error, YofoError)):
            raise  # of the contestant: what ours finds wrong with a document it does not raise
        return {"failed": reason_of(error)}
    if outcome.failure:
        return {"failed": outcome.failure.code}
    said = outcome.judgements
    return {"p": [one.p_yes for one in said], "yes": [one.verdict for one in said]}


def ask_pair(system: System, pair: Pair) -> dict[str, Any]:
    """The score of each document, by requirements and expression where verdicts are given; or why one `failed`.

    Of a pair without them, ours makes the requirements of the query, and scores by its own rule.
    """
    rule = {"kind": "expression", "expression": pair.expression} if pair.expression else None
    scored = system.score(pair.query, pair.documents, requirements=pair.requirements or None, scoring=rule)
    failed = next((one.failure for one in scored if one.failure), None)
    return {"failed": failed} if failed else {"p": [one.score for one in scored]}


def opposites(samples: Iterable[Sample], seed: int = 0) -> Iterator[Sample]:
    """For each sample one statement, and the paper's question for the opposite of the answer to it (table 2)."""
    for sample in samples:
        first = draw("opposite", seed, sample.id).choice(sample.asked)
        asked = (Asked(first.text, first.answer), Asked(OPPOSITE, not first.answer, depends_on=(0,)))
        yield Sample(f"{sample.id}/opposite", sample.document, asked, sample.group, sample.box)
