"""Where everything of a batch lies: templates behind prefixes, and what may see what. Pure functions.

The columns of a batch are [padding | prefix | templates | padding]: prefixes end where all templates begin. Each
template sees the prefix and itself, and its positions start anew behind the prefix, so its answers are those that it
would get alone, whatever else is asked in the same pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from yofo_rerank.prompts import Template

PADDING, PREFIX = -1, 0  # segments; the k-th template of a row is k, from 1


@dataclass(frozen=True, eq=False)
class Suffixes:
    """What is read behind each prefix of a batch, padded at the right."""

    ids: torch.Tensor  # (rows, tokens)
    positions: torch.Tensor  # (rows, tokens), counted from the end of the prefix
    segments: torch.Tensor  # (rows, tokens)
    slots: tuple[torch.Tensor, torch.Tensor]  # row and column of every position that is read, row by row

    @property
    def n_tokens(self) -> int:
        """Columns."""
        return self.ids.shape[1]


def pack(asked: Sequence[Sequence[Template]], pad_token: int) -> Suffixes:
    """Lay the templates of each row one behind another."""
    longest = max(sum(len(template.ids) for template in templates) for templates in asked)
    ids, positions, segments, rows, columns = [], [], [], [], []
    for row, templates in enumerate(asked):
        line: list[int] = []
        places: list[int] = []
        parts: list[int] = []
        for number, template in enumerate(templates, start=1):
            columns += [len(line) + slot - 1 for slot in template.slots]  # paper eq. 3: just before the slot
            rows += [row] * len(template.slots)
            line += template.ids
            places += range(len(template.ids))
            parts += [number] * len(template.ids)
        room = longest - len(line)
        ids.append(line + [pad_token] * room)
        positions.append(places + [0] * room)
        segments.append(parts + [PADDING] * room)
    return Suffixes(_table(ids), _table(positions), _table(segments), (_table(rows), _table(columns)))


def prefix_segments(lengths: Sequence[int]) -> torch.Tensor:
    """Segments of prefixes that all end in the last column  # (prefixes, longest)."""
    longest = max(lengths)
    return -(torch.arange(longest) < longest - torch.tensor(lengths)[:, None]).long()


def is_causal(segments: torch.Tensor) -> bool:
    """Whether a pass over all columns needs no mask: no padding, and nothing behind a template but itself."""
    return bool((segments >= PREFIX).all() and (segments <= 1).all())


def attention_mask(segments: torch.Tensor, n_queries: int, dtype: torch.dtype) -> torch.Tensor:
    """What is added to the attention scores of the last `n_queries` columns  # (rows or 1, 1, queries, columns).

    A column sees prefix and its own segment, nothing behind itself, and no padding; padding sees itself, because a
    softmax over nothing is no number. Rows that are alike share one mask.
    """
    if bool((segments == segments[:1]).all()):
        segments = segments[:1]
    columns = torch.arange(segments.shape[1], device=segments.device)
    queries = columns[-n_queries:]
    key, query = segments[:, None, :], segments[:, -n_queries:, None]
    seen = ((key == query) | (key == PREFIX)) & (key != PADDING) & (columns <= queries[:, None])
    seen |= columns == queries[:, None]
    mask = torch.zeros(seen.shape, dtype=dtype, device=segments.device)
    return mask.masked_fill_(~seen, torch.finfo(dtype).min)[:, None]


def _table(rows: list) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.long)
