"""First lesson: the vision tower learns to see every attribute, under a probe that is thrown away afterwards.

A picture gives nineteen labels here, where a yes/no answer gives one bit; this is what makes CPU training short.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from yofo_rerank.mini.attributes import (
    CATEGORIES,
    COLOURS,
    FLAGS,
    LENGTHS,
    MATERIALS,
    NECKLINES,
    PATTERNS,
    SLEEVES,
    Garment,
)
from yofo_rerank.mini.recipe.checkpoint import Run
from yofo_rerank.mini.recipe.optimizer import MuonAdamW
from yofo_rerank.mini.recipe.pictures import PATCH, patchify
from yofo_rerank.mini.recipe.precision import autocast

ATTRIBUTES: dict[str, tuple[Any, ...]] = {
    "category": CATEGORIES,
    "colour": COLOURS,
    "second_colour": (*COLOURS, None),
    "pattern": PATTERNS,
    "sleeves": (*SLEEVES, None),
    "neckline": (*NECKLINES, None),
    "length": (*LENGTHS, None),
    "material": MATERIALS,
    "season": ("summer", "winter", None),
    "occasion": ("evening", "office", "casual"),
} | dict.fromkeys(FLAGS, (False, True))


class Probe(nn.Module):
    """One learned question per attribute, asked of the visual tokens as the language model gets them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(len(ATTRIBUTES), width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.attend = nn.MultiheadAttention(width, 4, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(width, len(values)) for values in ATTRIBUTES.values())

    def forward(self, tokens: torch.Tensor) -> list[torch.Tensor]:
        """(n, tokens, width) -> logits per attribute."""
        tokens = self.norm(tokens)
        answers, _ = self.attend(self.questions.expand(len(tokens), -1, -1), tokens, tokens, need_weights=False)
        return [head(answers[:, at]) for at, head in enumerate(self.heads)]


def probe_loss(logits: list[torch.Tensor], truth: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
    """Mean cross-entropy over the attributes, and the accuracy of each."""
    losses = [nn.functional.cross_entropy(one, truth[:, at]) for at, one in enumerate(logits)]
    right = [(one.argmax(-1) == truth[:, at]).float().mean().item() for at, one in enumerate(logits)]
    return torch.stack(losses).mean(), dict(zip(ATTRIBUTES, right, strict=True))


def labels(garments: list[Garment]) -> torch.Tensor:
    """Class numbers  # (n, attributes)."""
    return torch.tensor(
        [[values.index(getattr(garment, name)) for name, values in ATTRIBUTES.items()] for garment in garments]
    )


def vary(pictures: np.ndarray, rng: np.random.Generator, reach: int = 8) -> np.ndarray:
    """The same pictures, mirrored and moved by up to `reach` pixels at random; the border is repeated."""
    side = pictures.shape[1]
    varied = np.empty_like(pictures)
    for row, picture in enumerate(pictures):
        down, right = rng.integers(-reach, reach + 1, size=2)
        ys = np.clip(np.arange(side) + down, 0, side - 1)
        xs = np.clip(np.arange(side) + right, 0, side - 1)
        varied[row] = picture[ys][:, xs if rng.random() < 0.5 else xs[::-1]]
    return varied


def see(visual: Any, pictures: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Visual tokens and the deepstack map  # both (n, 36, width).

    The forward pass of Qwen3VLVisionModel for pictures of one size: same weights and result, but one attention call a
    layer in place of one a picture, which on two cores doubles the speed.
    """
    n, side = len(pictures), pictures.shape[1] // PATCH
    cos, sin, places = _grid(visual, side)
    deep: list[torch.Tensor] = []
    with autocast():
        weight = visual.patch_embed.proj.weight.flatten(1)
        patches = torch.from_numpy(patchify(pictures)).view(n, side * side, -1)
        hidden = nn.functional.linear(patches, weight, visual.patch_embed.proj.bias) + places
        for number, block in enumerate(visual.blocks):
            hidden = hidden + _attend(block.attn, block.norm1(hidden), cos, sin)
            hidden = hidden + block.mlp(block.norm2(hidden))
            if number in visual.deepstack_visual_indexes:
                deep.append(visual.deepstack_merger_list[len(deep)](hidden.flatten(0, 1)))
        tokens = visual.merger(hidden.flatten(0, 1))
    return tokens.float().view(n, -1, tokens.shape[-1]), deep[0].float().view(n, -1, tokens.shape[-1])


def _grid(visual: Any, side: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rotary tables and position embeddings of one picture, in merge order  # (patches, ...)."""
    number = torch.arange(side * side).view(side // 2, side // 2, 2, 2)  # where each patch of merge order comes from
    rows = 2 * torch.arange(side // 2)[:, None, None, None] + torch.arange(2)[None, None, :, None]
    columns = 2 * torch.arange(side // 2)[None, :, None, None] + torch.arange(2)[None, None, None, :]
    rows, columns = rows.expand_as(number).flatten(), columns.expand_as(number).flatten()
    width = visual.blocks[0].attn.head_dim // 2
    rates = 1.0 / 10000.0 ** (torch.arange(0, width, 2).float() / width)
    angles = torch.cat([rows[:, None] * rates, columns[:, None] * rates], dim=-1).repeat(1, 2)
    return angles.cos(), angles.sin(), visual.pos_embed.weight[rows * side + columns]


def _attend(attention: Any, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    n, length, width = hidden.shape
    query, key, value = attention.qkv(hidden).view(n, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
    query, key = _rotate(query, cos, sin), _rotate(key, cos, sin)
    mixed = nn.functional.scaled_dot_product_attention(query, key, value)
    return attention.proj(mixed.transpose(1, 2).reshape(n, length, width))


def _rotate(vectors: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = vectors.float().chunk(2, dim=-1)
    return (vectors * cos + torch.cat([-second, first], dim=-1) * sin).to(vectors.dtype)


def train_vision(
    visual: Any,
    garments: list[Garment],
    pictures: np.ndarray,
    folder: Path,
    *,
    steps: int,
    batch: int = 32,
    seed: int = 0,
) -> Probe:
    """Train tower and probe together; writes `vision.log` and resumes from its checkpoint."""
    torch.manual_seed(seed)
    probe = Probe(visual.config.out_hidden_size)
    named = [*visual.named_parameters(), *((f"embed.{name}", p) for name, p in probe.named_parameters())]
    optimizer = MuonAdamW(named, steps=steps)
    run = Run(folder, "vision", {"visual": visual, "probe": probe}, optimizer, steps)
    truth = labels(garments)
    for step in run.remaining():
        rng = np.random.default_rng((seed, step))
        chosen = np.sort(rng.choice(len(garments), batch, replace=False))
        tokens, deep = see(visual, vary(pictures[chosen], rng))
        loss, right = probe_loss(probe(tokens + deep), truth[chosen])
        loss.backward()
        optimizer.step(step)
        run.log(step, loss=loss.item(), accuracy=sum(right.values()) / len(right), **right)
    run.finish()
    return probe


@torch.inference_mode()
def probe_accuracy(
    visual: Any, probe: Probe, garments: list[Garment], pictures: np.ndarray, batch: int = 50
) -> dict[str, float]:
    """Accuracy per attribute on pictures the tower has not seen."""
    truth = labels(garments)
    right = torch.zeros(len(ATTRIBUTES))
    for at in range(0, len(garments), batch):
        tokens, deep = see(visual, pictures[at : at + batch])
        for column, logits in enumerate(probe(tokens + deep)):
            right[column] += (logits.argmax(-1) == truth[at : at + batch, column]).sum()
    return dict(zip(ATTRIBUTES, (right / len(garments)).tolist(), strict=True))
