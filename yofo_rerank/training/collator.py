"""Items of a data set -> one padded batch, with the positions that the losses read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from yofo_rerank.documents import ImageLimits, load_image
from yofo_rerank.errors import ExampleError, ImageError
from yofo_rerank.models.prefixes import Prefix, PrefixMaker
from yofo_rerank.training.dataset import Item
from yofo_rerank.training.encode import EncodedExample, encode_example

ABSENT = -100  # fills label rows of samples that have fewer labels; the Trainer pads with the same number
LABELS = ("slots", "answers", "reason_positions", "reason_tokens", "segments")


class Collator:
    """Builds what the model's forward takes, padded on the right, and the `LABELS` beside it.

    Prefixes come from the same maker as at inference, so images, pixel budget and positions are the same.
    """

    def __init__(self, maker: PrefixMaker, *, max_length: int, hide_reasons: bool = False) -> None:
        self._maker = maker
        self._max_length = max_length
        self._hide_reasons = hide_reasons

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        """Load the images, lay the examples out, pad.

        Returns:
            input_ids, attention_mask  # (batch, tokens)
            position_ids  # (3, batch, tokens)
            pixel_values, image_grid_thw  # (patches, values), (images, 3); only where a sample has an image
            slots, answers  # (batch, requirements): position that is read, id of the right answer
            reason_positions, reason_tokens  # (batch, reason tokens): likewise
            segments  # (batch, tokens): k inside the k-th reason of the sample, else 0

        Raises:
            ExampleError: an image cannot be read, or an example is too long; names the example.
        """
        prefixes = [self._prefix(item) for item in items]
        encoded = [
            encode_example(
                item.example.properties,
                prefix,
                layout=self._maker.layout,
                tokenizer=self._maker.tokenizer,
                max_length=self._max_length,
                hide_reasons=self._hide_reasons,
                where=item.where,
            )
            for item, prefix in zip(items, prefixes, strict=True)
        ]
        return _model_inputs(encoded, self._maker.tokenizer.pad_token_id) | self._pictures(prefixes) | _labels(encoded)

    def _prefix(self, item: Item) -> Prefix:
        image = None
        if item.example.image is not None:
            try:
                limits = ImageLimits(root=item.folder)
                image = load_image(item.folder / item.example.image, limits, name=item.example.image)
            except ImageError as error:
                raise ExampleError(f"{item.where}: {error}", code=error.code) from error
        return self._maker.make(image, item.example.text, max_tokens=sys.maxsize)  # the whole example is checked later

    def _pictures(self, prefixes: Sequence[Prefix]) -> dict[str, torch.Tensor]:
        pictures = [picture for prefix in prefixes for picture in prefix.pictures]
        if not pictures:
            return {}
        grids = torch.tensor([picture.grid for picture in pictures])
        return {"pixel_values": self._maker.patcher.values(pictures), "image_grid_thw": grids}


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
