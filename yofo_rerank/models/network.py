"""The one place that calls the network: left-padded batches in, hidden states and keys and values out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from transformers import DynamicCache, PreTrainedModel

from yofo_rerank.models.families import get_family
from yofo_rerank.models.head import head_logits, head_logsumexp
from yofo_rerank.models.prefix_cache import PrefixState
from yofo_rerank.models.prefixes import Prefix


class Network:
    """A Hugging Face model without its LM head; the head's rows for two answers are applied where asked.

    Positions are always explicit: with a filled cache and none given, these models would use the offsets that they
    remember from their last call.
    """

    def __init__(
        self, model: PreTrainedModel, *, pad_token: int, answer_tokens: tuple[Sequence[int], Sequence[int]]
    ) -> None:
        self.model = model
        self.max_positions = int(model.config.get_text_config().max_position_embeddings)
        self.passes = 0
        self._inner = model.get_submodule(get_family(model.config).inner)
        self._pad_token = pad_token
        self._answer_tokens = [list(ids) for ids in answer_tokens]

    @property
    def device(self) -> torch.device:
        """Where the input goes."""
        return self.model.device

    def run_prefixes(self, prefixes: Sequence[Prefix], suffix: Sequence[int] = ()) -> tuple[torch.Tensor, DynamicCache]:
        """One forward pass over prefixes, each followed by the same suffix.

        Returns:
            Hidden states of the last positions, and the keys and values of all of them, padding at the left.
        """
        lengths = [len(prefix.ids) + len(suffix) for prefix in prefixes]
        longest = max(lengths)
        ids = torch.full((len(prefixes), longest), self._pad_token)
        mask = torch.zeros((len(prefixes), longest), dtype=torch.long)
        positions = torch.zeros((3, len(prefixes), longest), dtype=torch.long)
        for row, (prefix, length) in enumerate(zip(prefixes, lengths, strict=True)):
            after = torch.arange(len(suffix)).expand(3, -1) + prefix.next_position
            ids[row, longest - length :] = torch.tensor([*prefix.ids, *suffix])
            mask[row, longest - length :] = 1
            positions[:, row, longest - length :] = torch.cat([prefix.positions, after], dim=1)
        return self._run(
            ids, mask, positions, DynamicCache(), [prefix for prefix in prefixes if prefix.pixels is not None]
        )

    def run_suffix(self, states: Sequence[PrefixState], suffix: Sequence[int]) -> torch.Tensor:
        """One forward pass over the suffix behind each state; the states are copied, never changed.

        Returns:
            Hidden states of the suffix  # (states, suffix, width)
        """
        longest = max(state.n_tokens for state in states)
        layers, _, heads, _, width = states[0].keys_values.shape
        stacked = states[0].keys_values.new_zeros((layers, 2, len(states), heads, longest, width))
        mask = torch.ones((len(states), longest + len(suffix)), dtype=torch.long)
        for row, state in enumerate(states):
            stacked[:, :, row, :, longest - state.n_tokens :] = state.keys_values
            mask[row, : longest - state.n_tokens] = 0
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(stacked):
            cache.update(keys, values, layer)
        starts = torch.tensor([state.next_position for state in states])
        positions = (starts[:, None] + torch.arange(len(suffix))).expand(3, -1, -1)
        ids = torch.tensor([list(suffix)] * len(states))
        hidden, _ = self._run(ids, mask, positions, cache, [])
        return hidden

    def answers(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits of the two answers, each summed over its spellings: hidden (..., width) -> float32 (..., 2), no first.

        Two rows of a plain LM head are multiplied in float32. A head that an adapter wraps is called as it is.
        """
        no, yes = self._answer_tokens
        logits = head_logits(self.model.get_output_embeddings(), hidden, [*no, *yes])
        return torch.stack([part.logsumexp(-1) for part in logits.split([len(no), len(yes)], dim=-1)], dim=-1)

    def label_mass(self, hidden: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        """Share of the whole vocabulary's probability that the answers hold: (..., width), (..., 2) -> 0 to 1 (...)."""
        return (answers.logsumexp(-1) - head_logsumexp(self.model.get_output_embeddings(), hidden)).exp()

    @torch.inference_mode()
    def _run(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: DynamicCache,
        pictured: Sequence[Prefix],
    ) -> tuple[torch.Tensor, DynamicCache]:
        vision: dict[str, torch.Tensor] = {}
        if pictured:
            vision["pixel_values"] = torch.cat([prefix.pixels for prefix in pictured if prefix.pixels is not None]).to(
                self.device
            )
            vision["image_grid_thw"] = torch.tensor([prefix.grid for prefix in pictured], device=self.device)
        with _evaluating(self.model):
            output = self._inner(
                input_ids=ids.to(self.device),
                attention_mask=mask.to(self.device),
                position_ids=positions.to(self.device),
                past_key_values=cache,
                use_cache=True,
                **vision,
            )
        self.passes += 1
        return output.last_hidden_state, output.past_key_values


def split_states(cache: DynamicCache, prefixes: Sequence[Prefix], n_suffix: int) -> list[PrefixState]:
    """The prefixes' own keys and values out of a batch, without padding and suffix; copies."""
    layers = [(keys, values) for keys, values, *_ in cache]
    end = layers[0][0].shape[2] - n_suffix
    states = []
    for row, prefix in enumerate(prefixes):
        span = slice(end - len(prefix.ids), end)
        own = torch.stack([torch.stack([keys[row, :, span], values[row, :, span]]) for keys, values in layers])
        states.append(PrefixState(own, prefix.next_position))
    return states


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    """Dropout off within the block, and every module as it was after it."""
    training = [module for module in model.modules() if module.training]
    try:
        model.eval()
        yield
    finally:
        for module in training:
            module.training = True
