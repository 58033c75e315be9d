"""A prompt as one string with places for texts and pictures -> what the network reads. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.models.patches import Picture
from yofo_rerank.models.positions import prefix_positions
from yofo_rerank.models.prefixes import Prefix, PrefixMaker
from yofo_rerank.prompts import Template, token_id
from yofo_rerank.prompts.format import IMAGE_PAD, VISION_END, VISION_START
from yofo_rerank.prompts.tokens import text_ids

_PIECES = re.compile(r"(<\|[a-z_]+\|>|</?think>|\{\w+\})")

Values = Mapping[str, str | Picture]


@dataclass(frozen=True, eq=False)
class Laid:
    """A whole prompt: all tokens but the last as a prefix, and the last as a template whose slot comes behind it."""

    prefix: Prefix
    template: Template

    @property
    def ids(self) -> list[int]:
        """Of the whole prompt."""
        return [*self.prefix.ids, *self.template.ids]


def lay_out(prompt: str, values: Values, maker: PrefixMaker, *, max_tokens: int) -> Laid:
    """Fill in a prompt and tokenise it.

    What stands between two control tokens or pictures is tokenised in one piece, as it is where a rendered chat
    template is tokenised; but a control string in a value is spelled out, whatever it says.

    Args:
        prompt: `<|...|>` are control tokens (`<think>` too, where the tokenizer knows it), `{name}` is filled in.
        values: by name: a text, or a picture, which goes between its markers.
        maker: has the tokenizer and cuts pictures.
        max_tokens: nothing is ever cut off.

    Raises:
        DocumentError: longer than `max_tokens` (code `too_long`).
        ModelError: a control token that the tokenizer lacks.
    """
    tokenizer, known = maker.tokenizer, maker.tokenizer.get_added_vocab()
    ids: list[int] = []
    pictures: list[Picture] = []
    words = ""
    for piece in _PIECES.split(prompt):
        value = values[piece[1:-1]] if _PIECES.fullmatch(piece) and piece.startswith("{") else piece
        if isinstance(value, Picture):
            rows, columns = maker.patcher.merged(value.grid)
            pads = [token_id(tokenizer, IMAGE_PAD)] * (rows * columns)
            special = [token_id(tokenizer, VISION_START), *pads, token_id(tokenizer, VISION_END)]
            pictures.append(value)
        elif value is piece and _PIECES.fullmatch(piece) and (piece.startswith("<|") or piece in known):
            special = [token_id(tokenizer, piece)]
        else:
            words += value
            continue
        ids += [*text_ids(tokenizer, words), *special]
        words = ""
    ids += text_ids(tokenizer, words)
    if len(ids) > max_tokens:
        raise DocumentError(f"the prompt takes {len(ids)} tokens; wanted at most {max_tokens}", code="too_long")
    return _split_last(ids, pictures, maker)


def _split_last(ids: list[int], pictures: list[Picture], maker: PrefixMaker) -> Laid:
    grids = [maker.patcher.merged(picture.grid) for picture in pictures]
    image_token = token_id(maker.tokenizer, IMAGE_PAD)
    if ids.count(image_token) != sum(rows * columns for rows, columns in grids):
        raise ModelError(f"got {ids.count(image_token)} image tokens, wanted as many as the grids {grids} have")
    prefix = Prefix(ids[:-1], prefix_positions(ids[:-1], image_token, grids), (), tuple(pictures))
    return Laid(prefix, Template([ids[-1]], [1], []))
