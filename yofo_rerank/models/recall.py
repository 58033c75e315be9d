"""Look, and find what is known already: documents are named by their bytes, nothing is decoded, no model is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yofo_rerank.errors import YofoError
from yofo_rerank.models.looking import document_key, known_key
from yofo_rerank.models.verdicts import Answer, Verdicts
from yofo_rerank.models.workers import Workers

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.config import Calibration
    from yofo_rerank.models.verdicts.source import SourceVerdicts

Answers = list[list[Answer] | YofoError]  # for each list of requirements its answers, or why there are none
Look = bytes | YofoError  # a document's key, or why it has none


def look_at(documents: Sequence[Document], workers: Workers) -> list[Look]:
    """The keys of the documents; files are read in the pool, and nothing is decoded."""
    return [look for _, look in workers.ahead(document_key, documents, known=known_key)]


def recall(
    documents: Sequence[Document], lists: Sequence[Sequence[str]], source: SourceVerdicts
) -> tuple[list[Answers], Calibration] | None:
    """All answers from verdicts on disk, as `answer` would give them; None where one is missing.

    Raises:
        VerdictsError, ModelError, ConfigError: as `SourceVerdicts.open`.
    """
    source.check()
    opened = source.open()
    with Workers() as workers:
        found = kept_answers(look_at(documents, workers), lists, opened.verdicts)
    return None if found is None else (found, opened.calibration)


def kept_answers(looks: Sequence[Look], lists: Sequence[Sequence[str]], verdicts: Verdicts) -> list[Answers] | None:
    """All answers from kept verdicts; None where one is missing."""
    texts = list(dict.fromkeys(text for asked in lists for text in asked))
    keys = [look for look in looks if isinstance(look, bytes)]
    known = dict(zip(keys, verdicts.get_many(keys, texts), strict=True))
    if any(len(known[key]) < len(texts) for key in keys):
        return None
    return [
        [look if isinstance(look, YofoError) else [known[look][text] for text in asked] for asked in lists]
        for look in looks
    ]
