"""What a user should know before trusting the answers: said once, by the logger."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from yofo_rerank.documents import Document
from yofo_rerank.judging import low_label_mass
from yofo_rerank.models.sources import MINI
from yofo_rerank.requirements import Judgement

logger = logging.getLogger(__name__)

_CALLS_TO_LOOK_AT = 20  # whose pictures are compared with mini's world


class Advice:
    """Of one judge; what it says of words and pictures concerns the embedded model alone."""

    def __init__(self, model: str | None) -> None:
        self._is_mini = model == MINI
        self._calls_to_look_at = _CALLS_TO_LOOK_AT
        self._told_of_mass = False

    def vocabulary(self, texts: Sequence[str]) -> list[str]:
        """Words that the embedded model never saw."""
        if not self._is_mini:
            return []
        from yofo_rerank.mini.vocabulary import unknown_words

        unknown = unknown_words(texts)
        if not unknown:
            return []
        return [f"the embedded model never saw {', '.join(map(repr, unknown))}: its answers there are guesses"]

    def look_at_pictures(self, documents: Sequence[Document]) -> None:
        """Say once that mini was not made for these pictures; after a few calls without any, look no more."""
        if not self._is_mini or self._calls_to_look_at == 0:
            return
        from yofo_rerank.mini.drawn import FOREIGN_PICTURES, has_foreign_picture

        self._calls_to_look_at -= 1
        if has_foreign_picture(documents):
            self._calls_to_look_at = 0
            logger.warning(FOREIGN_PICTURES)

    def skip_pictures(self) -> None:
        """Whoever shows the answers has said already what mini is no model for."""
        self._calls_to_look_at = 0

    def look_at_mass(self, judgements: Sequence[Judgement]) -> None:
        """Say once that the prompt format does not fit the model."""
        if not self._told_of_mass and (mass := low_label_mass(judgements)) is not None:
            self._told_of_mass = True
            logger.warning(
                "only %.0f %% of what the model would say is yes or no: the prompt format does not fit this model, and "
                "its answers tell little; wanted an instruct model, an adapter, or another format",
                100 * mass,
            )
