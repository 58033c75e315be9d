"""A query as tokens: words and phrases with the kind that lexicon and markers give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yofo_rerank.decompose.lexicon import ADJECTIVES, NOUNS, TERMS, TIMES, kind_of
from yofo_rerank.decompose.markers import KIND_OF_MARKER, LONGEST_MARKER

_STOPS = ",;!?()[]{}•…—、，；。،؛؟！？："  # noqa: RUF001 - other scripts have their own commas
_WORD = re.compile(
    rf'"[^"]{{1,300}}"|“[^”]{{1,300}}”|\d+(?:[.,]\d+)+|[{re.escape(_STOPS)}]|[^\s"“”{re.escape(_STOPS)}]+'
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")  # pasted HTML; <|im_end|> is no tag and stays text
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
KNOWN = frozenset(TERMS)
LOOK_AHEAD = 30  # tokens; nobody means a longer list, and time stays linear


@dataclass(frozen=True)
class Token:
    """A word or a phrase of the query; `options` holds the members of an or-group such as "red or blue"."""

    text: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the lexicon holds it."""
        return self.kind in KNOWN

    def as_word(self) -> Token:
        """The same text as an ordinary word, without its role in the grammar."""
        return Token(self.text, "word")


_AFFIXES = (  # "non-pink", "logo-free", and the search operator "-pink"
    (re.compile("^non-", re.IGNORECASE), Token("non", "not")),
    (re.compile("-free$", re.IGNORECASE), Token("not", "not")),
    (re.compile("^-"), Token("not", "not")),
)


def tokenize(text: str) -> list[Token]:
    """Words by longest match, then shades joined to colours, then "a, b or c" joined to one token.

    >>> [(token.text, token.kind) for token in tokenize("a dark blue or red T-shirt")]
    [('a', 'det'), ('dark blue or red', 'colour'), ('T-shirt', 'category')]
    """
    return _join_lists(_join_degrees(_match(_words(text))))


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(_TAG.sub(" ", text)):
        if word[0] in '"“' or word in _STOPS:
            words.append(word)
            continue
        stem = word.rstrip(".:")
        left, slash, right = stem.partition("/")
        if not any(map(str.isalnum, stem)) and stem not in KIND_OF_MARKER:  # a dash, a bullet, an emoji
            words.append(",")
        elif slash and kind_of(_key(left)) and kind_of(_key(right)) and stem.casefold() not in KIND_OF_MARKER:
            words += [left, "or", right]
        else:
            words.append(stem)
        if stem != word:
            words.append(".")
    return words


def _key(word: str) -> str:
    return _HYPHEN.sub(" ", word.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "").replace("'", ""))


def _match(words: list[str]) -> list[Token]:
    keys = [_key(word) for word in words]
    tokens: list[Token] = []
    start = 0
    while start < len(words):
        for size in range(min(LONGEST_MARKER, len(words) - start), 0, -1):
            key = " ".join(keys[start : start + size])
            kind = KIND_OF_MARKER.get(key) or kind_of(key)
            if kind:
                tokens.append(Token(" ".join(words[start : start + size]), kind))
                break
        else:
            size = 1
            tokens += _unmatched(words[start], keys[start])
        start += size
    return tokens


def _unmatched(word: str, key: str) -> list[Token]:
    if word in _STOPS or word == ".":
        return [Token(word, "stop")]
    if word[0] in '"“':
        return [Token(word, "quote")]
    if key.isdecimal():
        return [Token(word, "number")]
    for affix, negation in _AFFIXES:
        denied = affix.sub("", word)
        kind = kind_of(_key(denied)) if denied != word else None
        if kind:
            return [negation, Token(denied, kind)]
    return [Token(word, "word")]


def _join_degrees(tokens: list[Token]) -> list[Token]:
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if (
            last
            and token.kind in ADJECTIVES
            and (last.kind == "degree" or (last.kind, token.kind) == ("shade", "colour"))
        ):
            joined[-1] = Token(f"{last.text} {token.text}", token.kind)
        else:
            joined.append(token)
    return [Token(token.text, "style") if token.kind == "shade" else token for token in joined]


def _join_lists(tokens: list[Token]) -> list[Token]:
    joined: list[Token] = []
    position = 0
    while position < len(tokens):
        end = _list_end(tokens, position)
        if end:
            members = [token for token in tokens[position:end] if token.known]
            joined.append(_join_members(members, tokens[position:end]))
        else:
            joined.append(tokens[position])
        position = end or position + 1
    return joined


def _list_end(tokens: list[Token], start: int) -> int | None:
    """Where the list `x (, x)* (or | and) x` that starts here ends; "and" joins colours alone."""
    if not tokens[start].known:
        return None
    kinds, position = [tokens[start].kind], start + 1
    while position < min(len(tokens), start + LOOK_AHEAD):
        token = tokens[position]
        conjunction = token.kind in ("or", "and")
        if token.text == "," and position + 1 < len(tokens) and tokens[position + 1].kind in ("or", "and"):
            position += 1
            continue
        if not conjunction and token.text != ",":
            return None
        member = position + 1
        while member < len(tokens) and tokens[member].kind == "det":
            member += 1
        if member == len(tokens) or not tokens[member].known:
            return None
        kinds.append(tokens[member].kind)
        if conjunction:
            allowed = _alike(kinds) if token.kind == "or" else set(kinds) == {"colour"}
            fits = allowed and not _is_entangled(tokens, start, member, kinds)
            return member + 1 if fits else None
        if len(set(kinds)) > 1:
            return None
        position = member + 1
    return None


def _alike(kinds: list[str]) -> bool:
    return len(set(kinds)) == 1 or set(kinds) <= ADJECTIVES or set(kinds) <= TIMES


def _is_entangled(tokens: list[Token], start: int, end: int, kinds: list[str]) -> bool:
    """Whether other adjectives belong to one member alone, as in "short black or long red dress"."""
    before = tokens[start - 1].kind if start else ""
    after = tokens[end + 1].kind if end + 1 < len(tokens) else ""
    if len(set(kinds)) > 1:
        return before in ADJECTIVES or after in ADJECTIVES
    # "or a" repeats the article: "a red shirt or a skirt" offers two things, but "a red shirt or skirt" is red
    return kinds[0] in NOUNS and tokens[end - 1].kind == "det" and before in ADJECTIVES


def _join_members(members: list[Token], source: list[Token]) -> Token:
    conjunction = next(token.kind for token in reversed(source) if token.kind in ("or", "and"))
    texts = [member.text.lower() for member in members]
    if members[-1].kind in TIMES | {"part"}:  # "a wedding or a party" keeps its articles
        text = " ".join(token.text.lower() for token in source).replace(" ,", ",")
    else:
        text = f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"
    return Token(text, members[-1].kind, tuple(texts) if conjunction == "or" else ())
