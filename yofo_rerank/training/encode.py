"""One example as token ids, with the positions that are supervised and what they should predict."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from transformers import PreTrainedTokenizerBase

from yofo_rerank.documents import ImageLimits, load_image
from yofo_rerank.errors import DocumentError, ExampleError
from yofo_rerank.models.patches import Picture
from yofo_rerank.models.prefixes import Prefix, PrefixMaker
from yofo_rerank.prompts import PromptFormat, Template, template_ids, token_id
from yofo_rerank.training.dataset import Item
from yofo_rerank.training.examples import Property
from yofo_rerank.training.visibility import skipped


@dataclass(frozen=True, eq=False)
class EncodedExample:
    """Prefix + template. Supervised positions are those whose *next* token is to be predicted.

    The true answers are labels alone: the placeholder stays in `ids`, so no slot sees an answer (paper section 3.3).
    """

    ids: list[int]
    positions: torch.Tensor  # M-RoPE  # (3, tokens)
    segments: list[int]  # 0: visible to all behind it; k: to k alone (`visibility`)
    slots: list[int]  # one per requirement
    answers: list[int]  # id of yes or no, one per slot
    reason_positions: list[int]
    reason_tokens: list[int]  # one per reason position; the last of each reason is its end marker


@dataclass(frozen=True)
class ExampleEncoder:
    """Items -> encoded examples, laid out exactly as the judge does.

    Prefixes come from the same maker as at inference, so images, pixel budget and positions are the same.
    """

    maker: PrefixMaker
    max_length: int
    hide_reasons: bool = False

    def prefix(self, item: Item) -> Prefix:
        """Read the images and lay the document out.

        Raises:
            ExampleError: an image cannot be read; names the example.
        """
        patcher = self.maker.patcher
        parts: list[Picture | str] = []
        try:
            for name in item.example.all_images:
                path, limits = item.folder / name, ImageLimits(root=item.folder)
                image = load_image(path, limits, name=name, max_pixels=patcher.enough_pixels)
                parts.append(patcher.cut(image, image.info.get("full_size")))
            if item.example.text is not None:
                parts.append(item.example.text)
            return self.maker.lay_out(parts, max_tokens=sys.maxsize)  # the whole example comes later
        except DocumentError as error:
            raise ExampleError(f"{item.where}: {error}", code=error.code) from error

    def encode(self, item: Item, prefix: Prefix) -> EncodedExample:
        """Lay the example out behind its prefix.

        Raises:
            ExampleError: more than `max_length` tokens; names the example.
        """
        return encode_example(
            item.example.properties,
            prefix,
            layout=self.maker.layout,
            tokenizer=self.maker.tokenizer,
            max_length=self.max_length,
            hide_reasons=self.hide_reasons,
            isolated=item.isolated,
            where=item.where,
        )


def encode_example(
    properties: tuple[Property, ...],
    prefix: Prefix,
    *,
    layout: PromptFormat,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    hide_reasons: bool,
    isolated: bool = False,
    where: str,
) -> EncodedExample:
    """Template behind prefix, and its labels.

    Raises:
        ExampleError: more than `max_length` tokens; names the example.
    """
    template, spans = _laid_out(properties, layout, tokenizer)
    ids, shift = prefix.ids + template.ids, len(prefix.ids)
    if len(ids) > max_length:
        raise ExampleError(
            f"{where}: {len(ids)} tokens (image and text {shift}, properties {len(template.ids)}), but max_length is "
            f"{max_length}; wanted fewer or shorter properties, or a smaller max_pixels",
            code="too_long",
        )
    segments = [0] * len(ids)
    alone = spans if isolated else template.reason_spans if hide_reasons else []
    for number, (start, end) in enumerate(alone, start=1):
        segments[start + shift : end + shift] = [number] * (end - start)
    predicted = [at + shift for start, end in template.reason_spans for at in range(start + 1, end)]  # opening: given
    yes, no = token_id(tokenizer, layout.yes[0]), token_id(tokenizer, layout.no[0])
    return EncodedExample(
        ids=ids,
        positions=_positions(prefix, segments[shift:]),
        segments=segments,
        slots=[slot + shift - 1 for slot in template.slots],  # paper eq. 3
        answers=[yes if prop.answer else no for prop in properties],
        reason_positions=[at - 1 for at in predicted],
        reason_tokens=[ids[at] for at in predicted],
    )


def _laid_out(
    properties: tuple[Property, ...], layout: PromptFormat, tokenizer: PreTrainedTokenizerBase
) -> tuple[Template, list[tuple[int, int]]]:
    """The template, and [start, end) of every requirement in it, its slot and reason included."""
    parts = [template_ids(layout, tokenizer, [prop.text], reasons=[prop.reason]) for prop in properties]
    starts = [0, *accumulate(len(part.ids) for part in parts)]
    whole = Template(
        [token for part in parts for token in part.ids],
        [slot + start for part, start in zip(parts, starts, strict=False) for slot in part.slots],
        [(a + start, b + start) for part, start in zip(parts, starts, strict=False) for a, b in part.reason_spans],
    )
    return whole, list(pairwise(starts))


def _positions(prefix: Prefix, segments: list[int]) -> torch.Tensor:
    """The template counts on from the prefix; past what a token cannot see as if it were not there."""
    template = prefix.next_position + torch.arange(len(segments)) - skipped(torch.tensor([segments]))[0]
    return torch.cat([prefix.positions, template.expand(3, -1)], dim=1)
