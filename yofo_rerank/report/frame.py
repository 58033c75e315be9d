"""A ranking as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yofo_rerank.extras import require

if TYPE_CHECKING:
    import pandas as pd

    from yofo_rerank.requirements import RankedDocument, Ranking

COLUMNS = ("id", "index", "score", "retrieval_score", "failure")


def to_frame(ranking: Ranking) -> pd.DataFrame:
    """One row per place, best first: id, place before, scores, code of the failure, and p_yes of each requirement.

    A requirement's column has its text for a name; one that is taken already gets its number before it (`r2: score`).

    Raises:
        MissingExtra: pandas is not installed.
    """
    require("pandas", extra="pandas")
    import pandas as pd

    names = list(COLUMNS)
    for number, requirement in enumerate(ranking.query.requirements, start=1):
        names.append(f"r{number}: {requirement.text}" if requirement.text in names else requirement.text)
    return pd.DataFrame([_row(place, len(names)) for place in ranking], columns=names)


def _row(place: RankedDocument, width: int) -> list[Any]:
    failure = place.failure.code if place.failure else None
    row = [place.document.id, place.index, place.score, place.retrieval_score, failure]
    row += [judgement.p_yes for judgement in place.judgements]
    return row + [None] * (width - len(row))  # what could not be judged has no answers
