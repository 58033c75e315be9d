"""Rerankers that see several candidates at once and write which is best, or in which order they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.baselines.prompt import Laid, Values, lay_out
from evals.baselines.slot_model import Checkpoint, image_of, speak
from evals.baselines.slot_scorer import sentence
from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.models.slot_model import SlotModel
from yofo_rerank.prompts import token_id


@dataclass(frozen=True)
class ListFormat:
    """A prompt with several candidates, and how its written answer is read."""

    before: str  # {query}, {count}
    candidate: str  # {number} from 1, {image}, {text}
    after: str
    answer: str  # the whole answer as a regular expression; its group is the best one's number, or a list of numbers
    one_best: bool  # else the answer is a list
    max_new_tokens: int
    window: int  # candidates of one prompt
    step: int  # of the window, from the last candidates to the first
    checkpoint: Checkpoint
    query: str = "{query}"
    sentences: bool = False


@dataclass(frozen=True, eq=False)
class ListScorer:
    """Scores are minus the rank: these models give an order, and no score.

    Ranks of two lists do not compare, so a list that fails must not be scored in parts.
    """

    model: SlotModel
    layout: ListFormat

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """0 for the best, -1 for the next, ...

        Raises:
            ModelError: an answer that cannot be read (code `unparsable`); nothing is put in its place.
        """

        def rank(places: list[int]) -> list[int]:
            return [places[at] for at in self._rank(query, [documents[place] for place in places])]

        order = slide(rank, len(documents), self.layout.window, self.layout.step)
        ranks = {place: rank for rank, place in enumerate(order)}
        return [-float(ranks[place]) for place in range(len(documents))]

    def lay_out(self, query: str, documents: Sequence[Document]) -> Laid:
        """All candidates as the model reads them."""
        layout, tidy = self.layout, sentence if self.layout.sentences else str
        values: Values = {"query": tidy(layout.query.replace("{query}", query)), "count": str(len(documents))}
        prompt = layout.before
        for number, document in enumerate(documents, start=1):
            image = image_of(document, layout.candidate, self.model)
            values = {
                **values,
                f"number{number}": str(number),
                f"image{number}": image,
                f"text{number}": tidy(document.text or ""),
            }
            prompt += re.sub(r"\{(\w+)\}", rf"{{\g<1>{number}}}", layout.candidate)
        return lay_out(prompt + layout.after, values, self.model.maker, max_tokens=self.model.room_behind(0))

    def _rank(self, query: str, documents: Sequence[Document]) -> list[int]:
        tokenizer = self.model.maker.tokenizer
        laid, layout = self.lay_out(query, documents), self.layout
        said, logits = speak(self.model, laid, layout.max_new_tokens, logits=layout.one_best)
        text = str(tokenizer.decode(said))
        numbers = read_numbers(self.layout, text, len(documents))
        if not numbers:
            raise ModelError(f"the model wrote {text[:80]!r}; wanted {self.layout.answer}", code="unparsable")
        digits = [token_id(tokenizer, str(number)) for number in range(1, min(len(documents), 9) + 1)]
        if self.layout.one_best and digits[numbers[0] - 1] in said:  # the others by how near theirs came to being said
            step = logits[said.index(digits[numbers[0] - 1])][digits]
            numbers += [at + 1 for at in step.argsort(descending=True, stable=True).tolist()]
        return [number - 1 for number in dict.fromkeys([*numbers, *range(1, len(documents) + 1)])]


def read_numbers(layout: ListFormat, text: str, count: int) -> list[int]:
    """Numbers of candidates in a written answer, each once; none where it cannot be read.

    Of a list, numbers beyond the candidates are left out, as its makers do. What is no number makes it unreadable.
    """
    match = re.fullmatch(layout.answer, text.strip(), re.DOTALL)
    if match is None:
        return []
    parts = [part.strip() for part in match[1].split(",")]
    if not all(re.fullmatch(r"[0-9]{1,6}", part) for part in parts):
        return []
    return [number for number in dict.fromkeys(map(int, parts)) if 1 <= number <= count]


def slide(rank: Callable[[list[int]], list[int]], count: int, window: int, step: int) -> list[int]:
    """An order of places from windows that are ranked one after another, from the last places to the first.

    >>> slide(lambda places: sorted(places, reverse=True), 5, window=3, step=2)
    [4, 1, 0, 3, 2]
    """
    order = list(range(count))
    start = max(0, count - window)
    while count:
        order[start : start + window] = rank(order[start : start + window])
        if start == 0:
            break
        start = max(0, start - step)
    return order
