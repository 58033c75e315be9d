"""A guesser that reads the statements and never sees a document: what the wording alone gives away.

Logistic regression over word n-grams. On balanced statements it stays near one half; a benchmark on which it does well
rewards a model for not looking.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

_WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")


@dataclass(frozen=True)
class Guesser:
    """Weights of n-grams; row 0 is for those never met."""

    vocabulary: dict[str, int]
    bag: nn.EmbeddingBag  # (n-grams + 1, 1), summed
    bias: float
    n: int

    def guess(self, texts: Sequence[str]) -> list[bool]:
        """Whether each statement is more likely true than false, going by its words."""
        indices, offsets = _bags([_rows(_ngrams(text, self.n), self.vocabulary) for text in texts])
        with torch.inference_mode():
            return [score > 0 for score in (self.bag(indices, offsets)[:, 0] + self.bias).tolist()]

    def accuracy(self, texts: Sequence[str], answers: Sequence[bool]) -> list[bool]:
        """Whether each guess is right."""
        return [guess == answer for guess, answer in zip(self.guess(texts), answers, strict=True)]


def train_guesser(
    texts: Sequence[str],
    answers: Sequence[bool],
    *,
    n: int = 3,
    min_count: int = 2,
    epochs: int = 5,
    batch: int = 256,
    rate: float = 0.01,
    weight_decay: float = 1e-4,
    seed: int = 0,
) -> Guesser:
    """Fit on statements (1- to n-grams met `min_count` times) with AdamW.

    >>> guesser = train_guesser(["it is red", "it is not red"] * 50, [True, False] * 50)
    >>> guesser.guess(["it is not red", "it is red"])
    [False, True]
    """
    if len(texts) != len(answers) or not texts:
        raise ValueError(f"wanted one answer per statement, but got {len(texts)} statements, {len(answers)} answers")
    grams = [_ngrams(text, n) for text in texts]
    counts = Counter(gram for of_text in grams for gram in of_text)
    kept = [gram for gram, count in counts.items() if count >= min_count]
    vocabulary = {gram: row for row, gram in enumerate(kept, start=1)}
    rows = [_rows(of_text, vocabulary) for of_text in grams]
    bag = nn.EmbeddingBag(len(vocabulary) + 1, 1, mode="sum")
    bias = nn.Parameter(torch.zeros(()))
    nn.init.zeros_(bag.weight)
    optimizer = torch.optim.AdamW([bag.weight, bias], lr=rate, weight_decay=weight_decay)
    labels = torch.tensor(answers, dtype=torch.float32)
    shuffle = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for drawn in torch.randperm(len(texts), generator=shuffle).split(batch):
            indices, offsets = _bags([rows[place] for place in drawn.tolist()])
            loss = nn.functional.binary_cross_entropy_with_logits(bag(indices, offsets)[:, 0] + bias, labels[drawn])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return Guesser(vocabulary, bag, float(bias.detach()), n)


def _ngrams(text: str, n: int) -> list[str]:
    words = ["^", *_WORD.findall(text.lower()), "$"]
    return [" ".join(words[at : at + size]) for size in range(1, n + 1) for at in range(len(words) - size + 1)]


def _rows(ngrams: Sequence[str], vocabulary: dict[str, int]) -> list[int]:
    return [vocabulary.get(gram, 0) for gram in ngrams]


def _bags(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of several texts, one after another, and where each text begins."""
    lengths = torch.tensor([0, *(len(of_text) for of_text in rows[:-1])])
    return torch.tensor([row for of_text in rows for row in of_text]), lengths.cumsum(0)
