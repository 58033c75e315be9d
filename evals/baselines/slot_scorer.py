"""Rerankers that read one pair and say yes or no, and embedders: a prompt and a readout of the slot model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from evals.baselines.prompt import Laid, Values, lay_out
from evals.baselines.slot_model import Checkpoint, image_of, read_last
from yofo_rerank.documents import Document
from yofo_rerank.models.slot_model import SlotModel


@dataclass(frozen=True)
class PairFormat:
    """One pair as a prompt, and the tokens of the two answers; P(yes) of the two is the score."""

    prompt: str  # {query}, {image}, {text} of the document
    checkpoint: Checkpoint
    query: str = "{query}"  # an instruction may stand before it
    sentences: bool = False  # texts begin with a capital and end with a full stop


@dataclass(frozen=True)
class EmbedFormat:
    """One side as a prompt, whose last hidden state is the vector; the cosine of two is the score."""

    query: str  # {query}
    document: str  # {image}, {text}
    checkpoint: Checkpoint


@dataclass(frozen=True, eq=False)
class PairScorer:
    """P(yes) of every pair; the prefix is not reused, for in most of these prompts the query comes first."""

    model: SlotModel
    layout: PairFormat

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """In 0..1, one per document; errors as `image_of` and `lay_out`."""
        if not documents:
            return []
        hidden = read_last(self.model, (self.lay_out(query, document) for document in documents))
        no, yes = self.model.network.answers(hidden).unbind(-1)
        return torch.sigmoid((yes - no).double()).tolist()  # in float32 all sure answers would be 1

    def lay_out(self, query: str, document: Document) -> Laid:
        """The pair as the model reads it."""
        layout, tidy = self.layout, sentence if self.layout.sentences else str
        values = {
            "query": tidy(layout.query.replace("{query}", query)),
            "image": image_of(document, layout.prompt, self.model),
            "text": tidy(document.text or ""),
        }
        return _lay_out(self.model, layout.prompt, values)


@dataclass(frozen=True, eq=False)
class SlotEmbedder:
    """Cosine of the last hidden states of two prompts.

    The pool token is the last of the prompt, found by its place: GME's own is also the padding.
    """

    model: SlotModel
    layout: EmbedFormat

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """In -1..1, one per document."""
        if not documents:
            return []
        vectors = torch.nn.functional.normalize(self._hidden(documents), dim=-1)
        asked = read_last(self.model, [_lay_out(self.model, self.layout.query, {"query": query})]).float()
        return (vectors @ torch.nn.functional.normalize(asked[0], dim=-1)).tolist()

    def lay_out(self, document: Document) -> Laid:
        """The document as the model reads it."""
        image = image_of(document, self.layout.document, self.model)
        return _lay_out(self.model, self.layout.document, {"image": image, "text": document.text or ""})

    def _hidden(self, documents: Sequence[Document]) -> torch.Tensor:
        return read_last(self.model, (self.lay_out(document) for document in documents)).float()


def sentence(text: str) -> str:
    """Stripped, with a capital and a full stop.

    >>> sentence(" a blue top ")
    'A blue top.'
    """
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith((".", "!", "?")) else ".")


def _lay_out(model: SlotModel, prompt: str, values: Values) -> Laid:
    return lay_out(prompt, values, model.maker, max_tokens=model.room_behind(0))
