"""DSG-1k (ICLR 2024): prompts taken apart into questions that depend on one another.

A prompt's own questions are answered yes by the prompt, and by a picture of it (`images/<item_id>.png`, where there is
one). The makers publish no question whose answer is no, so as many are taken from the next prompt none of whose things
this one names: the things are absent, and what depends on an absent thing does not hold.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.data_sets import BadData, Origin
from evals.verdict_sets.record import Asked, Sample
from yofo_rerank import Document

COLUMNS = ("item_id", "text", "keywords", "proposition_id", "dependency", "question_natural_language")
REACH = 50  # prompts that are looked through for one without a common thing


@dataclass(frozen=True)
class Prompt:
    """A prompt and its questions; `parents` are the places of those that a question depends on."""

    id: str
    text: str
    questions: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]
    things: tuple[str, ...]  # what the questions that depend on none are about


def read(origin: Origin, source: str | Path | None) -> Iterator[Sample]:
    """A sample for each prompt: its own questions, then those of another."""
    path = origin.find(source, "dsg-1k-anns.csv", "dsg/data/dsg-1k-anns.csv")
    prompts = read_prompts(path)
    for place, prompt in enumerate(prompts):
        asked = _asked(prompt, answer=True, start=0)
        foreign = _foreign(prompt, [*prompts[place + 1 :], *prompts[:place]][:REACH])
        if foreign:
            asked += _asked(foreign, answer=False, start=len(asked))
        yield Sample(prompt.id, _document(prompt, path.parent), asked, prompt.id.rpartition("_")[0])


def read_prompts(path: Path) -> list[Prompt]:
    """Prompts in the file's order."""
    rows: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if absent:
            raise BadData(f"{path}: wanted the column {absent[0]}, but got {', '.join(reader.fieldnames or ())}")
        for row in reader:
            rows.setdefault(row["item_id"], []).append(row)
    return [_prompt(item, found) for item, found in rows.items()]


def _prompt(item: str, rows: Sequence[dict[str, str]]) -> Prompt:
    places = {row["proposition_id"].strip(): place for place, row in enumerate(rows)}
    parents = [
        tuple(
            places[part.strip()]
            for part in row["dependency"].split(",")
            if part.strip() in places and places[part.strip()] != place
        )
        for place, row in enumerate(rows)
    ]
    things = tuple(row["keywords"].lower() for row, known in zip(rows, parents, strict=True) if not known)
    questions = tuple(row["question_natural_language"] for row in rows)
    return Prompt(item, rows[0]["text"], questions, tuple(parents), things)


def _asked(prompt: Prompt, *, answer: bool, start: int) -> tuple[Asked, ...]:
    return tuple(
        Asked(question, answer, tuple(start + parent for parent in parents))
        for question, parents in zip(prompt.questions, prompt.parents, strict=True)
    )


def _foreign(prompt: Prompt, others: Sequence[Prompt]) -> Prompt | None:
    """The first other prompt of whose things no word occurs here."""
    words = set(_words(prompt.text))
    return next((one for one in others if not words & {word for thing in one.things for word in _words(thing)}), None)


def _words(text: str) -> list[str]:
    """Words of more than two letters, without a plural's s."""
    letters = "".join(character if character.isalnum() else " " for character in text.lower())
    return [word.rstrip("s") for word in letters.split() if len(word) > 2]


def _document(prompt: Prompt, folder: Path) -> Document:
    for suffix in ("png", "jpg"):
        image = folder / "images" / f"{prompt.id}.{suffix}"
        if image.is_file():
            return Document(image=image, id=prompt.id)
    return Document(text=prompt.text, id=prompt.id)
