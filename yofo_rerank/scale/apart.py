"""Documents judged together, and one by one where that fails: what is wrong with one is not its neighbours'."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError, YofoError
from yofo_rerank.judging import Judge, unjudged
from yofo_rerank.requirements import JudgedDocument, Requirement

logger = logging.getLogger(__name__)


def judge_apart(
    judge: Judge,
    documents: Sequence[Document],
    requirements: Sequence[Requirement],
    *,
    caught: type[Exception] = YofoError,
) -> list[JudgedDocument]:
    """Judgements in the order of the documents, or the failure of each.

    Args:
        judge: asked for all of them at first.
        documents: may be none.
        requirements: of every one.
        caught: what is a document's failure; anything else is raised, so that whoever runs this can repeat it.
    """
    if not documents:
        return []
    try:
        return list(judge.judge_outcomes(documents, requirements))
    except caught as error:
        if len(documents) > 1:
            return [judge_apart(judge, [document], requirements, caught=caught)[0] for document in documents]
        if isinstance(error, YofoError):
            return [unjudged(error)]
        logger.exception("a document could not be judged")
        return [unjudged(ModelError(f"the judge failed: {type(error).__name__}"))]
