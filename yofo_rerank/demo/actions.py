"""What the page does, without the page: search, judge, rank again, show evidence, export."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.decompose import decompose
from yofo_rerank.demo.session import MAX_WISHES, Session, Wish
from yofo_rerank.documents import Document
from yofo_rerank.requirements import Evidence, JudgedDocument, Ranking, Requirement

if TYPE_CHECKING:
    from PIL import Image

    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.retrieval import ClipFaissRetriever

CHUNK = 10  # documents judged between two looks at whether anybody still waits
OWN_ID = "your picture"


@dataclass(frozen=True)
class Engine:
    """The two stages behind the page, and how many candidates pass from one to the other."""

    retriever: ClipFaissRetriever
    judge: YofoJudge
    candidates: int = 100
    name: str = "mini"

    def find(self, query: str) -> Session:
        """The retriever's candidates."""
        hits = self.retriever.search(query, top_k=self.candidates)
        documents, scores = tuple(hit.document for hit in hits), tuple(hit.score for hit in hits)
        return Session(query=query, documents=documents, retrieval_scores=scores)

    def understand(self, query: str) -> tuple[list[Wish], list[str]]:
        """The query's requirements as rows of the page, and what to say about them.

        Raises:
            DecomposeError: a blank query.
        """
        found = decompose(query)
        warnings = [*found.warnings, *self.judge.vocabulary_warnings([one.text for one in found.requirements])]
        if len(found.requirements) > MAX_WISHES:
            warnings.append(f"kept the first {MAX_WISHES} of {len(found.requirements)} requirements")
        wishes = [Wish(text=one.text, necessity=one.necessity) for one in found.requirements[:MAX_WISHES]]
        return wishes, warnings

    def answer(self, session: Session, wishes: Sequence[Wish]) -> Iterator[tuple[int, Session | None]]:
        """Judge what is missing, some documents at a time: (documents judged, None), ..., (all, the new session)."""
        asked = session.missing(wishes)
        outcomes: list[JudgedDocument] = []
        for first in range(0, len(session.documents), CHUNK) if asked else ():
            outcomes += self.judge.judge_outcomes(session.documents[first : first + CHUNK], asked)
            yield len(outcomes), None
        yield len(session.documents), session.learn(asked, outcomes) if asked else session

    def add_picture(self, session: Session, image: Image.Image) -> Session:
        """With a picture of the user's own as the last candidate; an earlier one goes."""
        own = Document(image=image.convert("RGB"), id=OWN_ID)
        kept = [place for place, document in enumerate(session.documents) if document.id != OWN_ID]
        base = Session(
            query=session.query,
            documents=(*(session.documents[place] for place in kept), own),
            retrieval_scores=(*(session.retrieval_scores[place] for place in kept), None),
        )
        texts = list(session.known)
        if not texts:
            return base
        [outcome] = self.judge.judge_outcomes([own], [Requirement(text=text) for text in texts])
        known = {
            text: (
                *(session.known[text][place] for place in kept),
                replace(outcome, judgements=outcome.judgements[number : number + 1]),
            )
            for number, text in enumerate(texts)
        }
        return replace(base, known=known)

    def evidence(self, session: Session, ranking: Ranking, index: int, requirement: int) -> tuple[Evidence, Document]:
        """Where one chip's answer comes from.

        Raises:
            IndexError: no such chip.
        """
        document, wanted = session.documents[index], ranking.query.requirements[requirement]
        [found] = self.judge.evidence(document, [wanted])
        return found, document


def export(ranking: Ranking, folder: Path, details: dict[str, Any]) -> dict[str, Path]:
    """The ranking as CSV, JSON and HTML page, in a folder."""
    from yofo_rerank.report import write_page

    paths = {kind: folder / f"ranking.{kind}" for kind in ("csv", "json", "html")}
    names = [requirement.text for requirement in ranking.query.requirements]
    with paths["csv"].open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["place", "id", "score", "retrieval_score", "place_before", "failure", *map(_cell, names)])
        for place, one in enumerate(ranking, start=1):
            answers = [str(judgement.p_yes) for judgement in one.judgements] or [""] * len(names)
            failure = one.failure.code if one.failure else ""
            rows.writerow(
                [place, _cell(one.document.id), one.score, one.retrieval_score, one.index + 1, failure, *answers]
            )
    paths["json"].write_text(ranking.to_json(indent=1), encoding="utf-8")
    write_page([ranking], paths["html"], details=details)
    return paths


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
