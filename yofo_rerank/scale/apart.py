"""Documents judged together, and one by one where that fails: what is wrong with one is not its neighbours'.

And some of them again: what may be over in a moment shall not cost the answers of all others in their partition.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from yofo_rerank.documents import Document
from yofo_rerank.errors import PASSING, ModelError, YofoError
from yofo_rerank.judging import Judge, unjudged
from yofo_rerank.requirements import JudgedDocument, Requirement

PAUSES = (1.0, 5.0)  # seconds before those that failed are judged again

logger = logging.getLogger(__name__)


def judge_again(
    judge: Judge, documents: Sequence[Document], requirements: Sequence[Requirement]
) -> list[JudgedDocument]:
    """As `judge_apart`; what fails for a reason that may pass is judged up to twice more, without the others.

    A judge that answers about none of them is away, and is not waited for.
    """
    found = judge_apart(judge, documents, requirements)
    for pause in PAUSES:
        failed = [place for place, outcome in enumerate(found) if outcome.failure and outcome.failure.code in PASSING]
        if not failed or all(outcome.failure for outcome in found):
            break
        time.sleep(pause)
        again = judge_apart(judge, [documents[place] for place in failed], requirements)
        for place, outcome in zip(failed, again, strict=True):
            found[place] = outcome
    return found


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
