"""Documents that somebody waits for: who asks about one that is not yet in a pass joins the first who asked.

So concurrent callers share one pass over everything they want to know. Imports no torch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yofo_rerank.errors import YofoError
from yofo_rerank.models.verdicts.answer import Answer

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.models.slot_model import Question

Texts = tuple[str, ...]  # names a question


@dataclass(eq=False)
class Work:
    """One document, what is asked about it, and what was found."""

    key: bytes  # of the document's bytes
    document: Document
    asked: dict[Texts, Question] = field(default_factory=dict)
    found: dict[Texts, list[Answer] | YofoError] = field(default_factory=dict)
    failure: YofoError | None = None  # of the document, whatever is asked
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def is_answered(self) -> bool:
        """Whether everything that is asked has an answer or a reason why there is none."""
        return self.failure is not None or self.asked.keys() <= self.found.keys()

    def outcome(self, question: Texts) -> list[Answer] | YofoError:
        """The answers to one question, or why there are none."""
        return self.failure or self.found[question]


class OpenWorks:
    """The documents that wait for a pass, of all callers of one model."""

    def __init__(self) -> None:
        self._open: dict[bytes, Work] = {}
        self._lock = threading.Lock()

    def join(self, name: bytes, key: bytes, document: Document, questions: Iterable[Question]) -> tuple[Work, bool]:
        """The work on a document with these questions in it, and whether the caller has to do it.

        Args:
            name: of the document as this model sees it.
            key: of its bytes.
            document: any with that key.
            questions: of the caller.
        """
        with self._lock:
            work = self._open.get(name)
            is_mine = work is None
            if work is None:
                work = self._open[name] = Work(key, document)
            work.asked |= {question.texts: question for question in questions}
            return work, is_mine

    def close(self, works: Sequence[Work]) -> None:
        """Nobody joins these any more: their pass begins, or will not come."""
        with self._lock:
            mine = {id(work) for work in works}
            self._open = {name: work for name, work in self._open.items() if id(work) not in mine}
