"""A query as words, each with its place in the query, its plain form, and typos of one edit mended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yofo_rerank.decompose.lexicon import kind_of
from yofo_rerank.decompose.typos import mended

_STOPS = ".;!?()[]{}•…；。؛؟！？"  # noqa: RUF001 - other scripts have their own marks
_COMMAS = ",—、，،"  # noqa: RUF001
_MARKS = re.escape(_STOPS.replace(".", "") + _COMMAS)
_WORD = re.compile(rf'"[^"]{{1,300}}"|“[^”]{{1,300}}”|[$€£]?\d+(?:[.,]\d+)+\w*|[{_MARKS}]|[^\s"“”{_MARKS}]+')
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")  # pasted HTML; <|im_end|> is no tag and stays text
_AFFIXES = (re.compile("^non-", re.IGNORECASE), re.compile("-free$", re.IGNORECASE), re.compile("^-"))
_JOINERS = frozenset({"and", "or", "&"})


@dataclass(frozen=True)
class Word:
    """A word as typed, its plain form (lower-case, without apostrophes), and whether it is part of a name."""

    text: str
    key: str
    is_name: bool = False

    @property
    def is_quote(self) -> bool:
        """Whether the user put it in quotation marks."""
        return self.text[0] in '"“'


def words_of(line: str) -> tuple[list[Word], list[str]]:
    """The words of a line, and a warning for each mended typo.

    >>> [word.key for word in words_of("A red/blue T-shirt, NOT pink!")[0]]
    ['a', 'red', 'or', 'blue', 't-shirt', ',', 'not', 'pink', '.']
    >>> words_of("a blak dress")[1]
    ["read 'blak' as 'black'"]
    """
    typed = [text for found in _WORD.findall(_TAG.sub(" ", line)) for text in _pieces(found)]
    warnings: list[str] = []
    words: list[Word] = []
    for text, is_name in zip(typed, _named(typed), strict=True):
        word = Word(text, plain(text), is_name)
        is_typo = not (word.is_name or word.is_quote or (words and word.text[0].isupper()))
        known = mended(word.key) if is_typo else None
        if known:
            warnings.append(f"read {word.text!r} as {known!r}")
            word = Word(known, known)
        words.append(word)
    return words, list(dict.fromkeys(warnings))


def plain(text: str) -> str:
    """Lower-case, without apostrophes."""
    return text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "").replace("'", "")


def verbatim(words: Sequence[Word]) -> str:
    """The words as typed, without what only joined them to the rest."""
    kept = list(words)
    while kept and kept[0].key in ("and", "or", ",", "that", "which", "it"):
        kept = kept[1:]
    while kept and kept[-1].key in ("and", "or", ","):
        kept = kept[:-1]
    return " ".join(word.text for word in kept).replace(" ,", ",")


def _pieces(found: str) -> list[str]:
    if found[0] in '"“':
        return [found]
    if found in _STOPS:
        return ["."]
    if found in _COMMAS:
        return [","]
    stem = found.rstrip(".:")
    tail = [] if stem == found else [":" if found[len(stem)] == ":" else "."]
    left, slash, right = stem.partition("/")
    if not any(map(str.isalnum, stem)):  # a dash, a bullet, an emoji
        return [stem if stem in ("&", "+") else ",", *tail]
    if slash and kind_of(plain(left)) and kind_of(plain(right)):
        return [left, "or", right, *tail]
    for affix in _AFFIXES:
        denied = affix.sub("", stem)
        if denied != stem and kind_of(plain(denied).replace("-", " ")):
            return ["non", denied, *tail]
    return [stem, *tail]


def _named(texts: list[str]) -> list[bool]:
    """Which words are parts of names ("Red Bull", "Marks and Spencer"), unless the text is capitalised throughout."""
    letters = [text for text in texts if text[0].isalpha()]
    is_big = [text[0].isupper() for text in texts]
    if sum(text[0].islower() for text in letters) * 3 < len(letters):
        return [False] * len(texts)
    for at in range(1, len(texts) - 1):
        if texts[at] in _JOINERS and is_big[at - 1] and is_big[at + 1]:
            is_big[at] = True
    named = [False] * len(texts)
    start = 0
    while start < len(texts):
        end = start
        while end < len(texts) and is_big[end]:
            end += 1
        opens = start == 0 or texts[start - 1] == "."
        is_name = any(not kind_of(plain(text)) and text not in _JOINERS for text in texts[start + opens : end])
        if end - start > 1 and is_name:
            named[start + opens : end] = [True] * (end - start - opens)
        start = max(end, start + 1)
    return named
