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
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax, normalize

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.checkpoint import Run
from yofo_rerank.mini.recipe.clip_texts import END, PAD, build_query_tokenizer, sample_query, satisfied, truths
from yofo_rerank.mini.recipe.optimizer import MuonAdamW
from yofo_rerank.mini.recipe.precision import autocast
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
    """An open_clip model of under four million parameters with random weights."""
    from open_clip import CLIP

    config = model_config(tokenizer)
    torch.manual_seed(seed)
    return CLIP(config["embed_dim"], config["vision_cfg"], config["text_cfg"])


def model_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """What open_clip builds the model from: a ModifiedResNet of 14 layers and a text transformer of 2."""
    return {
        "embed_dim": DIM,
        "vision_cfg": {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 24},
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
    garments: list[Garment], pictures: np.ndarray, folder: Path, *, steps: int, batch: int = 48, seed: int = 0
) -> None:
    """Train on pictures (n, side, side, 3); writes `clip.jsonl`, resumes, and leaves the model in `folder/weights`."""
    tokenizer = build_query_tokenizer()
    model: Any = build_clip(tokenizer, seed).train()
    model.visual.to(memory_format=torch.channels_last)
    helpers = Helpers()
    optimizer = _optimizer(model, helpers, steps)
    run = Run(folder, "clip", {"clip": model, "helpers": helpers}, optimizer, steps)
    small, truth, named = shrink(pictures), truths(garments), labels(garments)
    for step in run.remaining():
        rng = np.random.default_rng((seed, step))
        chance = random.Random(f"queries {seed} {step}")
        chosen = np.sort(rng.choice(len(garments), batch, replace=False))
        others = rng.choice(len(garments), min(DESCRIBED, len(garments)), replace=False)
        queries = [sample_query(garments[at], chance) for at in chosen]
        described = np.concatenate([truth[chosen], truth[others]])
        with autocast():
            seen = model.encode_image(_pixels(vary(small[chosen], rng, reach=4)))
            asked = encode_queries(model, tokenizer, [query.text for query in queries])
        images, texts = normalize(seen.float(), dim=1), normalize(asked.float(), dim=1)
        lists = normalize(helpers.describe(torch.from_numpy(described).float()), dim=1)
        scale = model.logit_scale.exp().clamp(max=100)
        wanted = satisfied(queries, np.concatenate([truth[chosen], described]))
        found = spread_loss(scale * texts @ torch.cat([images, lists]).T, wanted)
        matched = spread_loss(scale * images @ lists.T, (truth[chosen][:, None] == described).all(axis=2))
        naming, accuracy = helpers.naming_loss(seen.float(), named[chosen])
        (found + matched + 2 * naming).backward()
        optimizer.step(step)
        run.log(step, found=found.item(), matched=matched.item(), naming=naming.item(), accuracy=accuracy)
    run.finish()
    save_clip(model, tokenizer, folder / "weights")


def save_clip(model: Any, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the folder that `ClipEncoder(folder)` loads: configuration, float16 weights, tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": model_config(tokenizer), "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_file(tensors, folder / "open_clip_model.safetensors")
    tokenizer.save_pretrained(folder)


def encode_queries(model: Any, tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    """What `model.encode_text` makes of the texts, without computing their padding  # (texts, DIM)."""
    ids = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=CONTEXT).input_ids
    length = ids.shape[1]
    hidden = model.token_embedding(ids) + model.positional_embedding[:length]
    hidden = model.ln_final(model.transformer(hidden, attn_mask=model.attn_mask[:length, :length]))
    ends = (ids == tokenizer.eos_token_id).int().argmax(dim=1)
    return hidden[torch.arange(len(ids)), ends] @ model.text_projection


def spread_loss(logits: torch.Tensor, matches: np.ndarray) -> torch.Tensor:
    """Cross-entropy with the target spread evenly over all columns that match; every row has one  # (rows, columns).

    >>> spread_loss(torch.zeros(1, 4), np.array([[True, True, False, False]])).exp().round()
    tensor(4.)
    """
    target = torch.from_numpy(matches / matches.sum(axis=1, keepdims=True)).float()
    return -(target * log_softmax(logits, dim=1)).sum(dim=1).mean()


def shrink(pictures: np.ndarray) -> np.ndarray:
    """Pictures as the encoder's preprocessing scales them  # (n, SIDE, SIDE, 3) uint8."""
    small = np.empty((len(pictures), SIDE, SIDE, 3), np.uint8)
    for row, picture in zip(small, pictures, strict=True):
        row[:] = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return small


def recall_at(texts: np.ndarray, images: np.ndarray, matches: np.ndarray, k: int = 100) -> float:
    """Mean share of the matching images among the k nearest; a query with more than k of them can still reach 1.

    >>> recall_at(np.eye(2), np.eye(2), np.array([[True, False], [True, False]]), k=1)
    0.5
    """
    first = np.argsort(-(texts @ images.T), axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(matches, first, axis=1).sum(axis=1)
    return float((found / np.minimum(matches.sum(axis=1), k)).mean())


def _optimizer(model: nn.Module, helpers: nn.Module, steps: int) -> MuonAdamW:
    """Muon for the text transformer; its Newton-Schulz steps would cost more than the picture tower's gradients."""
    named = [(name if name.startswith("transformer") else f"embed.{name}", p) for name, p in model.named_parameters()]
    named += [(f"embed.{name}", p) for name, p in helpers.named_parameters()]
    return MuonAdamW(named, steps=steps, muon_lr=0.01, adam_lr=1.5e-3)


def _pixels(pictures: np.ndarray) -> torch.Tensor:
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    return pixels.contiguous(memory_format=torch.channels_last)
