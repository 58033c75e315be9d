"""CLIP-style and SigLIP-style: a vector of the picture, a vector of the sentence, and their cosine.

Both read the frozen mini tower through a small trained head and the embedded CLIP's text transformer; they differ in
the loss alone: softmax over the batch (Radford 2021) against a sigmoid for each pair (Zhai 2023).
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from evals.contestants.lessons import Shelf, ask_about
from evals.contestants.text_tower import build_text_tower, text_vectors
from yofo_rerank.mini.recipe.clip import DIM, spread_loss
from yofo_rerank.mini.recipe.precision import autocast

QUESTIONS = 8  # learned, asked of the picture's tokens
CATEGORIES, EACH = 3, 24  # garments of a batch


class PictureHead(nn.Module):
    """(n, 2, 36, 256) features of the frozen tower -> one vector  # (n, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Linear(512, DIM)
        self.mix = nn.TransformerEncoderLayer(DIM, 4, 512, dropout=0.0, batch_first=True, norm_first=True)
        self.questions = nn.Parameter(torch.randn(QUESTIONS, DIM) * 0.02)
        self.attend = nn.MultiheadAttention(DIM, 4, batch_first=True)
        self.join = nn.Linear(QUESTIONS * DIM, DIM)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Learned questions, asked of the tokens."""
        tokens = self.mix(self.narrow(torch.cat([features[:, 0], features[:, 1]], dim=-1)))
        asked, _ = self.attend(self.questions.expand(len(tokens), -1, -1), tokens, tokens, need_weights=False)
        joined: torch.Tensor = self.join(asked.flatten(1))
        return joined


class Dual(nn.Module):
    """Two encoders, one cosine; `pairwise` takes SigLIP's loss in place of CLIP's."""

    def __init__(self, *, pairwise: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.picture = PictureHead()
        self.text = build_text_tower()
        self.scale = nn.Parameter(torch.tensor(3.0))
        self.bias = nn.Parameter(torch.tensor(-10.0 if pairwise else 0.0))
        self._pairwise = pairwise

    def logits(self, texts: list[str], features: torch.Tensor) -> torch.Tensor:
        """(texts, pictures)."""
        with autocast():
            images, asked = self.picture(features), text_vectors(self.text, texts)
        images, asked = normalize(images.float(), dim=1), normalize(asked.float(), dim=1)
        return self.scale.exp().clamp(max=100) * asked @ images.T + self.bias

    def loss(self, shelf: Shelf, rng: random.Random) -> tuple[torch.Tensor, dict[str, float]]:
        """Of one batch."""
        asked = ask_about(shelf, rng, categories=CATEGORIES, each=EACH)
        logits = self.logits(asked.texts, shelf.pictures.seen(asked.places))
        loss = pairwise_loss(logits, asked.matches) if self._pairwise else contrastive_loss(logits, asked.matches)
        return loss, {"loss": loss.item(), "first_matches": first_matches(logits, asked.matches)}

    @torch.inference_mode()
    def score(self, text: str, features: torch.Tensor) -> list[float]:
        """One number a picture."""
        return [float(one) for one in self.logits([text], features)[0]]


def contrastive_loss(logits: torch.Tensor, matches: np.ndarray) -> torch.Tensor:
    """Softmax over pictures for each sentence and over sentences for each picture."""
    return (spread_loss(logits, matches) + spread_loss(logits.T, matches.T)) / 2


def pairwise_loss(logits: torch.Tensor, matches: np.ndarray) -> torch.Tensor:
    """-log sigmoid of every pair's logit, with the sign of whether it matches; summed over a sentence's pictures."""
    signs = torch.from_numpy(np.where(matches, 1.0, -1.0)).float()
    return -nn.functional.logsigmoid(signs * logits).sum() / len(logits)


def first_matches(logits: torch.Tensor, matches: np.ndarray) -> float:
    """Share of sentences whose best picture satisfies them."""
    best: Any = logits.detach().argmax(dim=1).numpy()
    return float(matches[np.arange(len(matches)), best].mean())
