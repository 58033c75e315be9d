"""Items of a data set -> one padded batch, with the positions that the losses read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from yofo_rerank.errors import ExampleError
from yofo_rerank.models.prefixes import Prefix
from yofo_rerank.training.dataset import Item
from yofo_rerank.training.encode import EncodedExample, ExampleEncoder

logger = logging.getLogger(__name__)

ABSENT = -100  # fills label rows of samples that have fewer labels; the Trainer pads with the same number
LABELS = ("slots", "answers", "reason_positions", "reason_tokens", "segments")
STOOD_IN = "stood_in"


class Collator:
    """Builds what the model's forward takes, padded on the right, and the `LABELS` beside it."""

    def __init__(self, encoder: ExampleEncoder) -> None:
        self._encoder = encoder

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        """Load the images, lay the examples out, pad.

        Returns:
            input_ids, attention_mask  # (batch, tokens)
            position_ids  # (3, batch, tokens)
            pixel_values, image_grid_thw  # (patches, values), (images, 3); only where a sample has an image
            slots, answers  # (batch, requirements): position that is read, id of the right answer
            reason_positions, reason_tokens  # (batch, reason tokens): likewise
            segments  # (batch, tokens): 0 = seen by all behind it, k = by the k-th segment alone
            stood_in  # (1,): samples that took the place of one that cannot be read

        Raises:
            ExampleError: an image cannot be read, or an example is too long, and nothing may stand in; names it.
        """
        prefixes, encoded, replaced = zip(*(self._prepared(item) for item in items), strict=True)
        pad_token = self._encoder.maker.tokenizer.pad_token_id
        batch = _model_inputs(encoded, pad_token) | self._pictures(prefixes) | _labels(encoded)
        return batch | {STOOD_IN: torch.tensor([sum(replaced)])}

    def _prepared(self, item: Item) -> tuple[Prefix, EncodedExample, bool]:
        """The item, or the next one that can be read, and whether it is another."""
        try:
            return *self._encoded(item), False
        except ExampleError as error:
            for other in item.stand_ins():
                try:
                    prepared = self._encoded(other)
                except ExampleError:
                    continue
                logger.warning("%s; %s stands in for it", error, other.where)
                return *prepared, True
            raise

    def _encoded(self, item: Item) -> tuple[Prefix, EncodedExample]:
        prefix = self._encoder.prefix(item)
        return prefix, self._encoder.encode(item, prefix)

    def _pictures(self, prefixes: Sequence[Prefix]) -> dict[str, torch.Tensor]:
        pictures = [picture for prefix in prefixes for picture in prefix.pictures]
        if not pictures:
            return {}
        grids = torch.tensor([picture.grid for picture in pictures])
        return {"pixel_values": self._encoder.maker.patcher.values(pictures).flatten(1), "image_grid_thw": grids}


def _model_inputs(encoded: Sequence[EncodedExample], pad_token: int) -> dict[str, torch.Tensor]:
    positions = pad_sequence([example.positions.T for example in encoded], batch_first=True)  # (batch, tokens, 3)
    return {
        "input_ids": _padded((example.ids for example in encoded), pad_token),
        "attention_mask": _padded(([1] * len(example.ids) for example in encoded), 0),
        "position_ids": positions.permute(2, 0, 1),
    }


def _labels(encoded: Sequence[EncodedExample]) -> dict[str, torch.Tensor]:
    labels = {name: _padded((getattr(example, name) for example in encoded), ABSENT) for name in LABELS[:-1]}
    return labels | {"segments": _padded((example.segments for example in encoded), 0)}


def _padded(rows: Iterable[Sequence[int]], value: int) -> torch.Tensor:
    tensors = [torch.tensor(row, dtype=torch.long) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=value)
