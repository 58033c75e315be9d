"""The one place that calls the network: prefixes, states and templates in, hidden states at slots and states out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from transformers import Cache, PreTrainedModel

from yofo_rerank.models.families import get_family, layer_kinds
from yofo_rerank.models.head import head_logits, head_logsumexp
from yofo_rerank.models.key_values import KeptCache, behind, split_states
from yofo_rerank.models.last_layer import Places, can_be_narrowed, only_at
from yofo_rerank.models.packing import PADDING, attention_mask, is_causal, pack, prefix_segments
from yofo_rerank.models.patches import Patcher, Picture
from yofo_rerank.models.prefixes import Prefix
from yofo_rerank.models.recurrent import Masks, expand, masks
from yofo_rerank.models.states import PrefixState
from yofo_rerank.prompts import Template


class Network:
    """A Hugging Face model without its LM head; the head's rows for two answers are applied where asked.

    Positions are always explicit: with a filled cache and none given, these models would use the offsets that they
    remember from their last call.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        patcher: Patcher,
        *,
        pad_token: int,
        answer_tokens: tuple[Sequence[int], Sequence[int]],
        live: bool = True,
    ) -> None:
        self.model = model
        self._patcher = patcher
        self._live = live  # somebody else may have it in training mode
        self._kinds = layer_kinds(model.config)
        self.is_recurrent = "linear_attention" in self._kinds
        self.max_positions = int(model.config.get_text_config().max_position_embeddings)
        self.passes = 0
        family = get_family(model.config)
        self._inner = model.get_submodule(family.inner)
        self._language_model = model.get_submodule(family.language_model)
        self._last_layer = self._language_model.get_submodule(f"layers.{len(self._kinds) - 1}")
        self._pad_token = pad_token
        self._answer_tokens = [list(ids) for ids in answer_tokens]

    @property
    def device(self) -> torch.device:
        """Where the input goes."""
        return self.model.device

    def run_prefixes(
        self, prefixes: Sequence[Prefix], asked: Sequence[Sequence[Template]] = (), *, keep_states: bool = True
    ) -> tuple[torch.Tensor, list[PrefixState]]:
        """One forward pass over prefixes, each followed by the templates asked of it (none where `asked` is empty).

        Returns:
            Hidden states just before every slot, in order  # (slots, width); and the prefixes' states, if kept.
        """
        if self.is_recurrent and any(asked) and (keep_states or any(len(templates) > 1 for templates in asked)):
            _, states = self.run_prefixes(prefixes)
            return self.run_suffixes(states, asked), states if keep_states else []
        lengths = [len(prefix.ids) for prefix in prefixes]
        suffixes = pack(asked or [()] * len(prefixes), self._pad_token)
        longest, starts = max(lengths), torch.tensor([prefix.next_position for prefix in prefixes])
        ids = torch.full((len(prefixes), longest), self._pad_token)
        positions = torch.zeros((3, len(prefixes), longest), dtype=torch.long)
        for row, (prefix, length) in enumerate(zip(prefixes, lengths, strict=True)):
            ids[row, longest - length :] = torch.tensor(prefix.ids)
            positions[:, row, longest - length :] = prefix.positions
        segments = torch.cat([prefix_segments(lengths), suffixes.segments], dim=1)
        after = (starts[:, None] + suffixes.positions).expand(3, -1, -1)
        cache = KeptCache(self._kinds) if keep_states else None
        hidden = self._run(
            torch.cat([ids, suffixes.ids], dim=1),
            segments,
            torch.cat([positions, after], dim=2),
            cache,
            [picture for prefix in prefixes for picture in prefix.pictures],
            (suffixes.slots[0], suffixes.slots[1] + longest),
        )
        states = split_states(cache, lengths, starts.tolist()) if cache else []
        return hidden, states

    def run_suffixes(
        self,
        states: Sequence[PrefixState],
        asked: Sequence[Sequence[Template]],
        unseen: Sequence[Sequence[int]] = (),
    ) -> torch.Tensor:
        """One forward pass over the templates asked behind each state; the states are copied, never changed.

        Args:
            states: of the documents.
            asked: the templates of each.
            unseen: tokens of each prefix that no template may see, as if they were padding.

        Returns:
            Hidden states just before every slot, in order  # (slots, width)
        """
        if self.is_recurrent and any(len(templates) > 1 for templates in asked):
            groups = expand(asked, max(state.n_tokens for state in states))
            read = [self.run_suffixes([states[row] for row in rows], own) for rows, own in groups]
            return torch.cat(read)
        suffixes = pack(asked, self._pad_token)
        starts = torch.tensor([state.next_position for state in states])
        lengths = [state.n_tokens for state in states]
        before = prefix_segments(lengths)
        for row, tokens in enumerate(unseen):
            before[row, torch.tensor(tokens, dtype=torch.long) + max(lengths) - lengths[row]] = PADDING
        segments = torch.cat([before, suffixes.segments], dim=1)
        positions = (starts[:, None] + suffixes.positions).expand(3, -1, -1)
        cache = behind(states, suffixes.n_tokens, self._kinds)
        return self._run(suffixes.ids, segments, positions, cache, [], suffixes.slots)

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

    def _can_narrow(self) -> bool:
        """Not where the layer is part of a compiled whole, or gets image features added behind it."""
        n_features = len(getattr(self.model.config.vision_config, "deepstack_visual_indexes", None) or ())
        compiled = self._language_model._compiled_call_impl is not None
        return n_features < len(self._kinds) and not compiled and can_be_narrowed(self._last_layer)

    @torch.inference_mode()
    def _run(
        self,
        ids: torch.Tensor,
        segments: torch.Tensor,
        positions: torch.Tensor,
        cache: Cache | None,
        pictures: Sequence[Picture],
        read: Places,
    ) -> torch.Tensor:
        """One call of the model; `segments` of all columns.

        Returns:
            Hidden states at the places that are read  # (places, width)
        """
        vision: dict[str, torch.Tensor] = {}
        if pictures:
            vision["pixel_values"] = self._patcher.values(pictures, self.device, self.model.dtype)
            vision["image_grid_thw"] = torch.tensor([picture.grid for picture in pictures], device=self.device)
        full: torch.Tensor | None = None
        if segments.shape != ids.shape or not is_causal(segments):
            full = attention_mask(segments.to(self.device), ids.shape[1], self.model.dtype)
        mask: torch.Tensor | Masks | None = full
        if self.is_recurrent:
            mask = masks(full, segments[:, -ids.shape[1] :].to(self.device))
        n_read = len(read[0])
        places = read if n_read else (torch.zeros(1, dtype=torch.long),) * 2  # not every kernel takes an empty input
        narrowed = self._can_narrow()
        with (
            _evaluating(self.model) if self._live else nullcontext(),
            only_at(self._last_layer, places) if narrowed else nullcontext(),
        ):
            output = self._inner(
                input_ids=ids.to(self.device),
                attention_mask=mask,
                position_ids=positions.to(self.device),
                past_key_values=cache,
                use_cache=cache is not None,
                **vision,
            )
        self.passes += 1
        hidden = output.last_hidden_state
        rows, columns = (index.to(hidden.device) for index in places)
        return (hidden[0] if narrowed else hidden[rows, columns])[:n_read]


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
