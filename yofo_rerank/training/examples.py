"""Training examples: one JSON object per line, images beside the file.

{"image": "images/17.png", "properties": [{"text": "blue", "answer": "yes", "reason": "The dress is navy."}]}
{"images": ["images/18-front.png", "images/18-back.png"], "properties": [{"text": "has a hood", "answer": "yes"}]}
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from yofo_rerank.content import MAX_IMAGES
from yofo_rerank.errors import ExampleError
from yofo_rerank.requirements import MAX_REQUIREMENT_CHARS
from yofo_rerank.training.problems import Problems

MAX_LINE_BYTES = 1 << 20  # one example; a longer line is a mistake, and would be held in memory whole


def _as_bool(answer: Any) -> bool:
    if isinstance(answer, bool):
        return answer
    if answer in ("yes", "no"):
        return bool(answer == "yes")
    raise ValueError("wanted 'yes', 'no', true or false")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("wanted a text, not blanks")
    return text.strip()


Text = Annotated[str, BeforeValidator(lambda text: _not_blank(text) if isinstance(text, str) else text)]


class Property(BaseModel):
    """A statement about the document, whether it holds, and optionally why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text = Field(max_length=MAX_REQUIREMENT_CHARS)
    answer: Annotated[bool, BeforeValidator(_as_bool)]
    reason: Text | None = None


class Example(BaseModel):
    """A document with its properties.

    >>> Example.model_validate({"text": "grey trousers", "properties": [{"text": "grey", "answer": "yes"}]}).properties
    (Property(text='grey', answer=True, reason=None),)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: Text | None = None  # path relative to the JSONL file
    images: tuple[Text, ...] = Field(default=(), max_length=MAX_IMAGES)  # several views, in their order
    text: Text | None = None
    properties: tuple[Property, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_a_document(self) -> Self:
        if self.image is None and not self.images and self.text is None:
            raise ValueError("wanted an image, a text, or both, but got neither")
        if self.image is not None and self.images:
            raise ValueError("wanted image or images, but got both")
        return self

    @property
    def all_images(self) -> tuple[str, ...]:
        """The one or the several."""
        return self.images or (() if self.image is None else (self.image,))


class ExampleFile:
    """A JSONL file of examples, read one at a time.

    Opening it checks every line and keeps sixteen bytes per example. Blank lines are skipped. A malformed line is an
    ExampleError that names file, line and problem, or, where `problems` are given, goes there and is left out.
    """

    def __init__(self, path: str | Path, problems: Problems | None = None) -> None:
        self.path = Path(path)
        self._offsets = array("Q")
        self._lines = array("Q")  # line numbers, from 1
        for number, offset, line in _lines(self.path):
            if not line.strip():
                continue
            try:
                _parse(line, f"{self.path}:{number}")
            except ExampleError as error:
                if problems is None:
                    raise
                problems.add(error)
                continue
            self._offsets.append(offset)
            self._lines.append(number)
        if not self._offsets and not problems:
            raise ExampleError(f"{self.path}: wanted at least one example, but got none")

    @property
    def folder(self) -> Path:
        """Where the images are."""
        return self.path.parent

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, index: int) -> Example:
        with self.path.open("rb") as file:  # opened per example, so that worker processes share no file position
            file.seek(self._offsets[index])
            return _parse(file.readline(MAX_LINE_BYTES), self.where(index))

    def where(self, index: int) -> str:
        """The place of an example, for messages: `train.jsonl:12`."""
        return f"{self.path}:{self._lines[index]}"


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """(line number, byte offset, line), streaming."""
    try:
        with path.open("rb") as file:
            number, offset = 1, 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    raise ExampleError(f"{path}:{number}: longer than {MAX_LINE_BYTES} bytes")
                yield number, offset, line
                number, offset = number + 1, offset + len(line)
    except OSError as error:
        raise ExampleError(f"{path}: cannot be read ({error.strerror})") from error


def _parse(line: bytes, where: str) -> Example:
    try:
        return Example.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] != "json_invalid" and key:
            message = f"{key}: {message}, but got {_short(problem['input'])}"
        raise ExampleError(f"{where}: {message}") from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
