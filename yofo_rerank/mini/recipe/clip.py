"""The first stage of mini: a small open_clip model, trained to put exactly matching garments on top.

Every query of a batch is compared with every picture of it, and which pairs match is known exactly, so the loss rewards
all satisfying pictures, not only the one that a query was drawn from. Two helpers make the training short and are
thrown away: a head that names the attributes of a picture, and an embedding of attribute lists, which gives a batch
hundreds of garments to compare with at no cost.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax, normalize

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.checkpoint import Run
from yofo_rerank.mini.recipe.clip_texts import END, PAD, build_query_tokenizer, sample_query, satisfied, truths
from yofo_rerank.mini.recipe.optimizer import MuonAdamW
from yofo_rerank.mini.recipe.vision import ATTRIBUTES, labels, vary
from yofo_rerank.mini.statements import CLAIMS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SIDE = 96  # pixels
DIM = 256
CONTEXT = 64  # tokens of a query, start and end included
DESCRIBED = 512  # garments without a picture, for each batch
PREPROCESS = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "squash"}


class Helpers(nn.Module):
    """What training needs beside the model: names of attributes, and garments as attribute lists."""

    def __init__(self) -> None:
        super().__init__()
        self.name = nn.Linear(DIM, sum(len(values) for values in ATTRIBUTES.values()))
        self.describe = nn.Linear(len(CLAIMS), DIM)

    def naming_loss(self, images: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Mean cross-entropy of the attributes of (n, DIM) images, and the share named rightly."""
        parts = self.name(images).split([len(values) for values in ATTRIBUTES.values()], dim=1)
        losses = torch.stack([cross_entropy(part, truth[:, at]) for at, part in enumerate(parts)])
        right = [(part.argmax(-1) == truth[:, at]).float().mean() for at, part in enumerate(parts)]
        return losses.mean(), torch.stack(right).mean().item()


def build_clip(tokenizer: PreTrainedTokenizerFast, seed: int = 0) -> nn.Module:
    """An open_clip model of six million parameters with random weights."""
    from open_clip import CLIP

    config = model_config(tokenizer)
    torch.manual_seed(seed)
    return CLIP(config["embed_dim"], config["vision_cfg"], config["text_cfg"])


def model_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """What open_clip builds the model from: a ModifiedResNet of 14 layers and a text transformer of 2."""
    return {
        "embed_dim": DIM,
        "vision_cfg": {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 32},
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": len(tokenizer),
            "width": 128,
            "heads": 4,
            "layers": 2,
            "hf_tokenizer_name": "local",  # open_clip reads the one beside the weights
            "pool_type": "eos",
            "eos_id": tokenizer.convert_tokens_to_ids(END),
            "pad_id": tokenizer.convert_tokens_to_ids(PAD),
        },
    }


def train_clip(
    garments: list[Garment], pictures: np.ndarray, folder: Path, *, steps: int, batch: int = 64, seed: int = 0
) -> None:
    """Train on pictures (n, side, side, 3); writes `clip.jsonl`, resumes, and leaves the model in `folder/weights`."""
    tokenizer = build_query_tokenizer()
    model = build_clip(tokenizer, seed).train()
    model.visual.to(memory_format=torch.channels_last)
    helpers = Helpers()
    run = Run(folder, "clip", {"clip": model, "helpers": helpers}, optimizer := _optimizer(model, helpers, steps), steps)
    small, truth, named = shrink(pictures), truths(garments), labels(garments)
    for step in run.remaining():
        rng = np.random.default_rng((seed, step))
        chance = random.Random(f"queries {seed} {step}")
        chosen = np.sort(rng.choice(len(garments), batch, replace=False))
        others = rng.choice(len(garments), min(DESCRIBED, len(garments)), replace=False)
        queries = [sample_query(garments[at], chance) for at in chosen]
        everyone = np.concatenate([truth[chosen], truth[others]])
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.encode_image(_pixels(vary(small[chosen], rng, reach=4)))
            asked = encode_queries(model, tokenizer, [query.text for query in queries])
        images, texts = normalize(seen.float(), dim=1), normalize(asked.float(), dim=1)
        described = normalize(helpers.describe(torch.from_numpy(everyone).float()), dim=1)
        scale = model.logit_scale.exp().clamp(max=100)
        found = spread_loss(scale * texts @ torch.cat([images, described]).T, np.tile(satisfied(queries, everyone), 1)
                            if False else _doubled(satisfied(queries, everyone), batch))
        same = (everyone[:batch, None] == everyone[None]).all(axis=2)
        matched = spread_loss(scale * images @ described.T, same)
        naming, accuracy = helpers.naming_loss(seen.float(), named[chosen])
        (found + matched + 2 * naming).backward()
        optimizer.step(step)
        run.log(step, found=found.item(), matched=matched.item(), naming=naming.item(), accuracy=accuracy)
    run.finish()
    save_clip(model, tokenizer, folder / "weights")
