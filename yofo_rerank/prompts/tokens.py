"""Text to token ids: our own layout strings may hold control tokens, other people's text never does."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from yofo_rerank.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

_CONTROL = re.compile(r"(<\|[a-z_]+\|>|</?think>)")
_plain: WeakKeyDictionary[PreTrainedTokenizerBase, Tokenizer] = WeakKeyDictionary()


def text_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Ids of untrusted text; a control string in it is spelled out in ordinary pieces, whatever it says."""
    return _plain_tokenizer(tokenizer).encode(text, add_special_tokens=False).ids


def text_offsets(tokenizer: PreTrainedTokenizerBase, text: str) -> list[tuple[int, int]]:
    """Start and end in the text of what each of `text_ids` stands for."""
    return list(_plain_tokenizer(tokenizer).encode(text, add_special_tokens=False).offsets)


def layout_ids(tokenizer: PreTrainedTokenizerBase, layout: str) -> list[int]:
    """Ids of a layout string of a prompt format, in which `<|...|>` is a control token.

    `<think>` and `</think>` are so where the tokenizer knows them.
    """
    ids: list[int] = []
    for piece in layout_pieces(layout):
        is_control = piece.startswith("<|") or piece in tokenizer.get_added_vocab()
        ids += [token_id(tokenizer, piece)] if _CONTROL.fullmatch(piece) and is_control else text_ids(tokenizer, piece)
    return ids


def token_id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    """The id of a control token, or of a word that must be one token.

    Raises:
        ModelError: the tokenizer does not know it, or needs several tokens for it.
    """
    if _CONTROL.fullmatch(token):
        found = tokenizer.convert_tokens_to_ids(token)
        if isinstance(found, int) and tokenizer.convert_ids_to_tokens(found) == token:
            return found
        raise ModelError(f"the tokenizer has no token {token!r}; it needs add_special_tokens", code="missing_token")
    ids = text_ids(tokenizer, token)
    if len(ids) != 1:
        raise ModelError(f"{token!r} must be one token, but the tokenizer makes {len(ids)} of it", code="missing_token")
    return ids[0]


def answer_ids(tokenizer: PreTrainedTokenizerBase, spellings: Sequence[str]) -> list[int]:
    """Ids of the spellings of an answer that are one token.

    Raises:
        ModelError: none of them is.
    """
    ids = [found[0] for spelling in spellings if len(found := text_ids(tokenizer, spelling)) == 1]
    if not ids:
        wanted = " or ".join(map(repr, spellings))
        raise ModelError(f"{wanted} must be one token, but the tokenizer makes several of it", code="missing_token")
    return list(dict.fromkeys(ids))


def _plain_tokenizer(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """A copy without added tokens, padding and truncation.

    Not `split_special_tokens=True`: that is state shared by all threads, and it leaves added tokens that are not
    flagged special (`<tool_call>`, `<think>`) in force.
    """
    if tokenizer not in _plain:
        from tokenizers import Tokenizer

        if not tokenizer.is_fast:
            raise ModelError(f"got the slow tokenizer {type(tokenizer).__name__}; wanted a fast one")
        state = json.loads(tokenizer.backend_tokenizer.to_str())
        state |= {"added_tokens": [], "post_processor": None, "padding": None, "truncation": None}
        _plain[tokenizer] = Tokenizer.from_str(json.dumps(state))
    return _plain[tokenizer]


@lru_cache(maxsize=256)
def layout_pieces(layout: str) -> tuple[str, ...]:
    r"""A layout string cut around its control tokens; each piece is tokenised alone.

    >>> layout_pieces("<|im_start|>user\n")
    ('<|im_start|>', 'user\n')
    """
    return tuple(piece for piece in _CONTROL.split(layout) if piece)
