"""A judge whose answers are kept on disk, for programs that ask one judge a long list of questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evals.contestants.kept import Kept
from yofo_rerank import Document, Judgement, Requirement
from yofo_rerank.judging import check_requirements


class Asked(Protocol):
    """What these programs ask: a judge, or one whose answers are kept."""

    def judge(self, documents: Sequence[Document], requirements: Sequence[str | Requirement]) -> list[list[Judgement]]:
        """Judgements of every document, in the order given."""
        ...


@dataclass(frozen=True, eq=False)
class KeptJudge:
    """Asks `inner` what no earlier run has asked it; the questions come in the same order in every run."""

    inner: Asked
    kept: Kept

    def judge(self, documents: Sequence[Document], requirements: Sequence[str | Requirement]) -> list[list[Judgement]]:
        """As `YofoJudge.judge`, with probability and verdict alone."""

        def ask() -> list[list[tuple[float, bool]]]:
            return [[(one.p_yes, one.verdict) for one in row] for row in self.inner.judge(documents, requirements)]

        asked = check_requirements(requirements)
        return [
            [
                Judgement(requirement=one, p_yes=p_yes, verdict=verdict)
                for one, (p_yes, verdict) in zip(asked, row, strict=True)
            ]
            for _, row in zip(documents, self.kept.answer(ask), strict=True)
        ]
