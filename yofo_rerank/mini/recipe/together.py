"""Third lesson: eyes and words at once, at lower rates; the tower learns what the judgements still lack.

Reasons stand in every fourth batch only: they double its length, and the projection of the second lesson, which asks
each slot for the deciding value, teaches the same.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.checkpoint import Run
from yofo_rerank.mini.recipe.language import FOLLOW_UPS, judging_loss, make_lesson
from yofo_rerank.mini.recipe.optimizer import MuonAdamW
from yofo_rerank.mini.recipe.vision import Probe, labels, probe_loss, see, vary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen3VLForConditionalGeneration


def train_together(
    model: Qwen3VLForConditionalGeneration,
    probe: Probe,
    tokenizer: PreTrainedTokenizerFast,
    garments: list[Garment],
    pictures: np.ndarray,
    folder: Path,
    *,
    steps: int,
    batch: int = 48,
    text_share: float = 0.15,
    seed: int = 0,
) -> None:
    """Train every weight on judging and on the probe; writes `together.jsonl` and resumes from its checkpoint."""
    width = model.model.language_model.config.hidden_size
    value = nn.Linear(width, width, bias=False)
    trained = nn.ModuleDict({"model": model.model, "probe": probe, "value": value})
    named = [(name if name.startswith("model") else f"embed.{name}", p) for name, p in trained.named_parameters()]
    optimizer = MuonAdamW(named, steps=steps, muon_lr=0.01, adam_lr=1e-3)
    run = Run(folder, "together", dict(trained.items()), optimizer, steps)
    truth = labels(garments)
    for step in run.remaining():
        rng = random.Random(f"together {seed} {step}")
        chosen = rng.sample(range(len(garments)), batch)
        shown = [at for at in chosen if rng.random() >= text_share]
        places = {at: row for row, at in enumerate(shown)}
        varied = vary(pictures[shown], np.random.default_rng((seed, step)))
        features = torch.stack(see(model.model.visual, varied), dim=1)  # (shown, 2, 36, width)
        n, reasons = rng.randint(4, 12), step % 4 == 0  # one number for all: little padding
        lessons = [
            make_lesson(tokenizer, garments[at], places.get(at), rng, n=n, reasons=reasons, follow_ups=FOLLOW_UPS)
            for at in chosen
        ]
        loss, values = judging_loss(model, tokenizer, lessons, features, value)
        seen_loss, seen_right = probe_loss(probe(features.sum(1)), truth[shown])
        (loss + seen_loss).backward()
        nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        optimizer.step(step)
        run.log(step, **values, seen=sum(seen_right.values()) / len(seen_right))
    run.finish()
