"""BLIP-2-ITM-style: the sentence looks at the picture's tokens through cross-attention; a head says match or not."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn

from evals.contestants.lessons import Shelf, ask_about
from evals.contestants.text_tower import WIDTH, build_text_tower, text_states
from yofo_rerank.mini.recipe.precision import autocast

DIM, LAYERS, HEADS = 192, 3, 4
CATEGORIES, EACH, NEGATIVES = 3, 12, 3


class Matching(nn.Module):
    """A text decoder over picture tokens with a two-way head at the last word (Li 2023, without its query tokens)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.text = build_text_tower()
        self.text.text_projection.requires_grad_(False)
        self.words, self.tokens = nn.Linear(WIDTH, DIM), nn.Linear(512, DIM)
        layer: dict[str, Any] = {"dropout": 0.0, "batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(nn.TransformerDecoderLayer(DIM, HEADS, 2 * DIM, **layer) for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(DIM), nn.Linear(DIM, 2)

    def logits(self, texts: list[str], features: torch.Tensor, pairs: list[tuple[int, int]]) -> torch.Tensor:
        """No and yes of each pair of a text and a picture, by their places  # (pairs, 2)."""
        rows, columns = ([pair[at] for pair in pairs] for at in (0, 1))
        with autocast():
            states, padding = text_states(self.text, texts)
            hidden, padding = self.words(states)[rows], padding[rows]
            seen = self.tokens(torch.cat([features[:, 0], features[:, 1]], dim=-1))[columns]
            for layer in self.layers:
                hidden = layer(hidden, seen, tgt_key_padding_mask=padding)
        ends = (~padding).sum(dim=1) - 1
        found: torch.Tensor = self.head(self.norm(hidden[torch.arange(len(pairs)), ends].float()))
        return found

    def loss(self, shelf: Shelf, rng: random.Random) -> tuple[torch.Tensor, dict[str, float]]:
        """Each sentence before its picture and before others of the category, as often matching as not."""
        asked = ask_about(shelf, rng, categories=CATEGORIES, each=EACH)
        pairs = draw_pairs(asked.matches, rng, each=EACH)
        logits = self.logits(asked.texts, shelf.pictures.seen(asked.places), pairs)
        truth = torch.tensor([int(asked.matches[pair]) for pair in pairs])
        weight = torch.tensor([1.0, float(NEGATIVES)])  # a sentence has one picture and three others
        loss = nn.functional.cross_entropy(logits, truth, weight=weight)
        return loss, {"loss": loss.item(), "right": (logits.argmax(1) == truth).float().mean().item()}

    @torch.inference_mode()
    def score(self, text: str, features: torch.Tensor) -> list[float]:
        """Logit of a match less that of none."""
        logits = self.logits([text], features, [(0, place) for place in range(len(features))])
        return [float(one) for one in logits[:, 1] - logits[:, 0]]


def draw_pairs(matches: np.ndarray, rng: random.Random, *, each: int) -> list[tuple[int, int]]:
    """Every sentence with its own picture and with a few others of its category, which fill blocks of `each`."""
    pairs = []
    for text in range(len(matches)):
        start = text - text % each
        others = [place for place in range(start, min(start + each, len(matches))) if place != text]
        pairs += [(text, text), *((text, other) for other in rng.sample(others, min(NEGATIVES, len(others))))]
    return pairs
