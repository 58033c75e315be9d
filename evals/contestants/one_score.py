"""The same backbone with one number for the whole sentence: Jina-style (an MLP), or the whole query as one yes/no slot.

Both start from the embedded base and train a LoRA of the same shape as YOFO's own; both are shown a whole sentence
and its picture, and differ in what reads the last token.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn

from evals.contestants.blocks import base_tokenizer, copy_base, lay_out, read_rows
from evals.contestants.lessons import Shelf, ask_about
from yofo_rerank.prompts import SPECIAL_TOKENS, token_id
from yofo_rerank.training.adapt import add_lora
from yofo_rerank.training.config import LoraSettings

EACH = 12  # pictures of one category, and as many sentences: 144 pairs a step
RANK = 64


class OneScore(nn.Module):
    """The backbone with LoRA; `mlp` reads a score off the last token (jina-reranker-m0), else yes against no does."""

    def __init__(self, *, mlp: bool, rank: int = RANK) -> None:
        super().__init__()
        torch.manual_seed(0)
        base = copy_base()
        rows = [token_id(base_tokenizer(), token) for token in SPECIAL_TOKENS]
        self.adapted = add_lora(base, LoraSettings(rank=rank, alpha=2 * rank, dropout=0.0), rows)
        width = base.config.text_config.hidden_size
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)) if mlp else None

    @property
    def backbone(self) -> Any:
        """The Hugging Face model, with LoRA in its linear layers."""
        return self.adapted.base_model.model

    def logits(self, texts: list[str], features: torch.Tensor) -> torch.Tensor:
        """(texts, pictures)."""
        hidden = read_rows(self.backbone, lay_out(texts), features)  # (pictures, texts, width)
        if self.mlp is not None:
            found: torch.Tensor = self.mlp(hidden)[..., 0]
            return found.T
        no, yes = (token_id(base_tokenizer(), word) for word in ("no", "yes"))
        head = self.backbone.get_output_embeddings().weight
        return (hidden @ (head[yes] - head[no]).float()).T

    def loss(self, shelf: Shelf, rng: random.Random) -> tuple[torch.Tensor, dict[str, float]]:
        """Jina-style: the matching picture above the others, pair by pair. Yes/no: each pair by itself."""
        asked = ask_about(shelf, rng, categories=1, each=EACH)
        logits = self.logits(asked.texts, shelf.pictures.seen(asked.places))
        loss = ranking_loss(logits, asked.matches) if self.mlp is not None else verdict_loss(logits, asked.matches)
        return loss, {"loss": loss.item(), "in_order": in_order(logits, asked.matches)}

    @torch.inference_mode()
    def score(self, text: str, features: torch.Tensor) -> list[float]:
        """One number a picture."""
        return [float(one) for one in self.logits([text], features)[0]]


def ranking_loss(logits: torch.Tensor, matches: np.ndarray) -> torch.Tensor:
    """-log sigmoid(matching - other), over all such pairs of pictures of a sentence.

    >>> ranking_loss(torch.tensor([[2.0, 2.0]]), np.array([[True, False]])).exp().round()
    tensor(2.)
    """
    good = torch.from_numpy(matches)
    ahead = logits[:, :, None] - logits[:, None, :]
    return -nn.functional.logsigmoid(ahead[good[:, :, None] & ~good[:, None, :]]).mean()


def verdict_loss(logits: torch.Tensor, matches: np.ndarray) -> torch.Tensor:
    """Cross-entropy of yes against no, in which the few matching pairs weigh as much as the others."""
    truth = torch.from_numpy(matches).float()
    return nn.functional.binary_cross_entropy_with_logits(
        logits, truth, weight=torch.where(truth > 0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()).clamp(min=1e-6))
    )


def in_order(logits: torch.Tensor, matches: np.ndarray) -> float:
    """Share of (matching, other) pairs in the right order."""
    good = torch.from_numpy(matches)
    ahead = logits.detach()[:, :, None] - logits.detach()[:, None, :]
    return float((ahead[good[:, :, None] & ~good[:, None, :]] > 0).float().mean())
