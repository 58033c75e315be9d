"""The words that mini was trained on; it does not know any other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from yofo_rerank.mini.frames import TRAIN_FRAMES
from yofo_rerank.mini.phrases import WORDS

_EXTRA = "a an and either or is it that perfect right"
_WORD = re.compile(r"[^\W_]+")


def unknown_words(texts: Sequence[str]) -> list[str]:
    """Words of the texts that no training statement held, in order of appearance, each once.

    >>> unknown_words(["a red dress", "with sequins"])
    ['sequins']
    """
    words = (word for text in texts for word in _WORD.findall(text.lower()))
    return list(dict.fromkeys(word for word in words if word not in known_words()))


@cache
def known_words() -> frozenset[str]:
    """Every word of the training statements; hyphenated words count as their parts."""
    phrases = (words for shapes in WORDS.values() for wordings in shapes.values() for words in wordings)
    frames = (frame for shapes in TRAIN_FRAMES.values() for wordings in shapes.values() for frame in wordings)
    text = " ".join([*phrases, *(re.sub(r"{\w*}", " ", frame) for frame in frames), _EXTRA])
    return frozenset(_WORD.findall(text.lower()))
