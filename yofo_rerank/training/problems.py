"""Bad examples: all of them counted, the first ones described."""

from __future__ import annotations

from collections.abc import Iterable

from yofo_rerank.errors import ExampleError

MAX_KEPT = 1000  # descriptions; a wrong image folder makes one per example
MAX_SHOWN = 20  # of them in an error
MAX_CHARS = 300


class Problems:
    """What is wrong with the examples of a run.

    >>> problems = Problems()
    >>> problems.add(ExampleError("train.jsonl:3: no such image"))
    >>> problems.count, problems.messages
    (1, ['train.jsonl:3: no such image'])
    """

    def __init__(self, messages: Iterable[str] = ()) -> None:
        self.count = 0
        self.messages: list[str] = []
        self.extend(messages)

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, error: ExampleError) -> None:
        """One more."""
        self.extend([str(error)])

    def extend(self, messages: Iterable[str]) -> None:
        """More of them; each starts with file and line."""
        for message in messages:
            self.count += 1
            if len(self.messages) < MAX_KEPT:
                self.messages.append(message if len(message) <= MAX_CHARS else f"{message[:MAX_CHARS]}...")

    def error(self) -> ExampleError:
        """All of them in one error, described as far as a reader would read on."""
        shown = self.messages[:MAX_SHOWN]
        more = f"; and {self.count - len(shown)} more" if self.count > len(shown) else ""
        noun = "bad example" if self.count == 1 else "bad examples"
        return ExampleError(
            f"{self.count} {noun} (`on_bad_example: skip` goes on without): {'; '.join(shown)}{more}",
            code="bad_examples",
        )
