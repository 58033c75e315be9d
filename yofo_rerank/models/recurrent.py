"""Layers of linear attention: what they remember of a prefix is a state of fixed size, which no mask takes apart.

So a template is read behind a copy of its document's state, in a row of its own, and a state is never rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.cache_utils import LinearAttentionLayer

from yofo_rerank.prompts import Template

MAX_EXPANDED_TOKENS = 65_536  # keys and values that the copies of one read may hold

Masks = dict[str, torch.Tensor | None]  # by the kind of layer, as these models take them


def states_of(layer: LinearAttentionLayer, row: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of one document of a batch, after a pass: of the convolution, and of the recurrence; copies."""
    return layer.conv_states[0][row].clone(), layer.recurrent_states[0][row].clone()  # type: ignore[index]


def layer_behind(states: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> LinearAttentionLayer:
    """A layer that goes on from copies of these states, one a row."""
    layer = LinearAttentionLayer()
    convolutions, recurrences = (torch.stack(parts) for parts in zip(*states, strict=True))
    layer.lazy_initialization(convolutions, recurrences)
    layer.conv_states[0], layer.recurrent_states[0] = convolutions, recurrences
    layer.has_previous_state[0] = True
    return layer


def masks(full: torch.Tensor | None, segments: torch.Tensor) -> Masks:
    """What each kind of layer gets: attention scores to add, and, of the columns of this pass, which are no padding."""
    real = segments >= 0
    return {"full_attention": full, "linear_attention": None if bool(real.all()) else real.long()}


def expand(asked: Sequence[Sequence[Template]], longest: int) -> list[tuple[list[int], list[list[Template]]]]:
    """One row for each template, in order, in groups whose copies fit: the rows' documents, and what is read there.

    >>> expand([["a", "b"], ["c"]], longest=MAX_EXPANDED_TOKENS)
    [([0], [['a']]), ([0], [['b']]), ([1], [['c']])]
    """
    rows = [(document, [template]) for document, templates in enumerate(asked) for template in templates]
    n_rows = max(1, MAX_EXPANDED_TOKENS // longest)
    groups = [rows[start : start + n_rows] for start in range(0, len(rows), n_rows)]
    return [([document for document, _ in group], [templates for _, templates in group]) for group in groups]
