"""Verdicts of one model: a bounded memory, in front of a file where one is given."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from yofo_rerank.models.verdicts.answer import Answer
from yofo_rerank.models.verdicts.file import VerdictFile
from yofo_rerank.prompts.template import one_line

MAX_IN_MEMORY = 200_000  # answers, of about 300 bytes each


@dataclass(frozen=True)
class VerdictStats:
    """What was asked and found so far."""

    hits: int = 0
    misses: int = 0
    in_memory: int = 0
    from_disk: int = 0

    def to_dict(self) -> dict[str, int]:
        """Plain JSON types."""
        return asdict(self)


class Verdicts:
    """Answers by document key and requirement text; any number of threads may call it.

    >>> verdicts = Verdicts()
    >>> verdicts.put(b"document", {"not pink": Answer(2.5)})
    >>> verdicts.get(b"document", ["not pink", "blue"])
    {'not pink': Answer(log_odds=2.5, label_mass=None)}

    Args:
        file: where they are kept beyond this process; None = nowhere.
        max_in_memory: answers; those not used for the longest time go first.
    """

    def __init__(self, file: VerdictFile | None = None, *, max_in_memory: int = MAX_IN_MEMORY) -> None:
        self.file = file
        self._max = max_in_memory
        self._answers: OrderedDict[tuple[bytes, str], Answer] = OrderedDict()
        self._lock = threading.Lock()
        self._hits = self._misses = self._from_disk = 0

    def get(self, document: bytes, texts: Sequence[str]) -> dict[str, Answer]:
        """The known answers, by the text that was asked with."""
        return self.get_many([document], texts)[0]

    def get_many(self, documents: Sequence[bytes], texts: Sequence[str]) -> list[dict[str, Answer]]:
        """The known answers of every document: one look into memory, and one into the file for what is not there."""
        lines = {text: one_line(text) for text in texts}
        wanted = list(dict.fromkeys(lines.values()))
        with self._lock:
            found = [self._recall(document, wanted) for document in documents]
        short = dict.fromkeys(
            document for document, known in zip(documents, found, strict=True) if len(known) < len(wanted)
        )
        read = self.file.read(list(short), wanted) if self.file is not None and short else {}
        with self._lock:
            self._keep(read)
            self._from_disk += len(read)
            for document, known in zip(documents, found, strict=True):
                known |= {line: read[document, line] for line in wanted if (document, line) in read}
                self._hits += len(known)
                self._misses += len(wanted) - len(known)
        return [{text: known[line] for text, line in lines.items() if line in known} for known in found]

    def put(self, document: bytes, answers: Mapping[str, Answer]) -> None:
        """Keep the answers of one document."""
        self.put_many([(document, answers)])

    def put_many(self, pairs: Iterable[tuple[bytes, Mapping[str, Answer]]]) -> None:
        """Keep the answers of several documents, in one transaction."""
        answers = {
            (document, one_line(text)): Answer(*answer)
            for document, one in pairs
            for text, answer in one.items()
            if answer.is_finite
        }
        with self._lock:
            self._keep(answers)
        if self.file is not None and answers:
            self.file.write(answers)

    def clear_memory(self) -> None:
        """Forget what is in memory; the file stays, and so do the counters."""
        with self._lock:
            self._answers.clear()

    def close(self) -> None:
        """Close the file; what is in memory goes on being known."""
        if self.file is not None:
            self.file.close()

    @property
    def stats(self) -> VerdictStats:
        """Counters so far."""
        with self._lock:
            return VerdictStats(self._hits, self._misses, len(self._answers), self._from_disk)

    def _recall(self, document: bytes, lines: Sequence[str]) -> dict[str, Answer]:
        found = {}
        for line in lines:
            answer = self._answers.get((document, line))
            if answer is not None:
                self._answers.move_to_end((document, line))
                found[line] = answer
        return found

    def _keep(self, answers: Mapping[tuple[bytes, str], Answer]) -> None:
        for key, answer in answers.items():
            self._answers[key] = answer
            self._answers.move_to_end(key)
        while len(self._answers) > self._max:
            self._answers.popitem(last=False)


def open_verdicts(where: str | Path | None, identity: bytes) -> Verdicts:
    """The verdicts of one model: in memory alone, or in front of a file.

    Args:
        where: a folder, or a file; made where it is not there. A name without a suffix is a folder. None = memory.
        identity: of the model and everything else that an answer depends on beside document and requirement.

    Raises:
        VerdictsError: the file holds something else, or was written by a later version of this library.
    """
    return Verdicts(None if where is None else VerdictFile(where, identity))
