"""One picture and many sentences in one row, none of which sees another: a pair costs its sentence alone.

The layout of isolated judging (`yofo_rerank`'s own format and mask), for training the contestants that share the
backbone: what a sentence's last token reads is what it would read with the picture to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from evals.contestants.pictures import load_base
from yofo_rerank.mini.recipe.language import GRID, IMAGE_TOKENS, hidden_states
from yofo_rerank.mini.recipe.precision import autocast
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.prompts import cut_at_slot, get_format, prefix_ids, template_ids, token_id

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FORMAT = "yofo-v1"


@cache
def base_tokenizer() -> PreTrainedTokenizerFast:
    """The base's tokenizer with the special tokens of the format, as the adapter has them."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(str(weights_folder("adapter")))
    return cast("PreTrainedTokenizerFast", tokenizer)


def copy_base() -> Any:
    """A base of one's own, to train; its vision tower is left out, because features are kept."""
    from copy import deepcopy

    return deepcopy(load_base())


@dataclass(frozen=True)
class Row:
    """A prefix of one picture, then blocks; the same ids for every picture."""

    ids: list[int]
    positions: np.ndarray  # (3, tokens)
    mask: torch.Tensor  # (tokens, tokens), bool
    ends: list[int]  # the last token of each block: what is read


def lay_out(texts: Sequence[str]) -> Row:
    """Each text as one requirement, cut where its answer would stand."""
    layout, tokenizer = get_format(FORMAT), base_tokenizer()
    prefix = prefix_ids(layout, tokenizer, n_image_tokens=IMAGE_TOKENS, text=None)
    blocks = [cut_at_slot(template_ids(layout, tokenizer, [text])).ids for text in texts]
    before, at = _prefix_positions(prefix, token_id(tokenizer, "<|image_pad|>"))
    ids, ends, parts = list(prefix), [], [before]
    length = len(prefix) + sum(map(len, blocks))
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    for block in blocks:
        begin = len(ids)
        ids += block
        mask[begin : len(ids), len(prefix) : begin] = False
        parts.append(np.broadcast_to(at + np.arange(len(block)), (3, len(block))))
        ends.append(len(ids) - 1)
    return Row(ids, np.concatenate(parts, axis=1), mask, ends)


def read_rows(model: Any, row: Row, features: torch.Tensor) -> torch.Tensor:
    """Hidden states at the end of each block, for each picture  # (pictures, texts, width)."""
    n = len(features)
    batch = {
        "ids": torch.tensor(row.ids).expand(n, -1),
        "mask": row.mask.expand(n, 1, -1, -1),
        "positions": torch.from_numpy(row.positions.copy())[:, None].expand(-1, n, -1),
    }
    with autocast():
        hidden = hidden_states(model, batch, features, token_id(base_tokenizer(), "<|image_pad|>"))
    return hidden[:, row.ends].float()


def _prefix_positions(ids: list[int], image_token: int) -> tuple[np.ndarray, int]:
    """M-RoPE positions of the prefix, and the one after it."""
    start = ids.index(image_token)
    rows, columns = np.divmod(np.arange(IMAGE_TOKENS), GRID)
    before = np.broadcast_to(np.arange(start), (3, start))
    image = start + np.stack([np.zeros_like(rows), rows, columns])
    rest = len(ids) - start - IMAGE_TOKENS
    after = np.broadcast_to(start + GRID + np.arange(rest), (3, rest))
    return np.concatenate([before, image, after], axis=1), start + GRID + rest
