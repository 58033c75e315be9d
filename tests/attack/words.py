"""Strange words: the pieces that hostile texts are made of."""

from __future__ import annotations

import random

CONTROL = [
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|answer_start|>",
    "<|answer_end|>",
    "<|reason_start|>",
    "<|reason_end|>",
    "<think>",
    "</think>",
    "<tool_call>",
    "<|",
    "|>",
    "unknown",
    "yes",
    "no",
    "user",
    "assistant",
]
MARKUP = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "]]>", "<!--", "{{7*7}}", "{% raw %}", "[/x]"]
MARKUP += ["[link=https://x.org]y[/link]", "[bold]", "\"'>", "javascript:alert(1)", "&lt;", "</style>", "--></title>"]
TERMINAL = ["\x1b[2J", "\x1b]0;t\x07", "\x1b]8;;http://x\x1b\\", "\x9b31m", "\x00", "\x08", "\r", "\n", "\t", "\x7f"]
UNICODE = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u0301" * 20,
    "👩‍👩‍👧",
    "裙子",
    "ﷺ",
    "İ",
    "ß",
    "\U000e0041",
    "\u2028",
    "Ⅷ",
]
PLAIN = [
    "a",
    "the",
    "red",
    "blue",
    "dress",
    "shirt",
    "not",
    "without",
    "no",
    "and",
    "or",
    "but",
    "preferably",
    "with",
    "long",
    "sleeves",
    ",",
    ".",
    ";",
    "-",
    "'",
    "(",
    ")",
    "2",
    "30",
    "%",
    "except",
]
PLAIN += ["if possible", "don't want", "avoid", "rather than", "either", "neither", "nor", "must", "?", "!", "hoodie"]
CODE = [
    "r1",
    "r2",
    "and",
    "or",
    "not",
    "+",
    "*",
    "/",
    "**",
    "(",
    ")",
    "2",
    "1e9",
    "__import__('os')",
    "lambda:0",
    "[",
    "]",
]
CODE += [
    ".__class__",
    "if",
    "else",
    "1/0",
    "r1(",
    "f'{r1}'",
    "max",
    "min",
    "9" * 400,
    "0x",
    ":=",
    "==",
    "<",
    "~",
    ",",
    "-",
]
ALL = [*CONTROL, *MARKUP, *TERMINAL, *UNICODE, *PLAIN]


def sentence(rng: random.Random, pieces: list[str], most: int) -> str:
    """Some pieces, some characters, now and then very many."""
    n = rng.randint(1, most) if rng.random() < 0.98 else rng.randint(most, most * 50)
    glue = rng.choice(["", " ", " ", " "])
    return glue.join(_piece(rng, pieces) for _ in range(n))


def text(rng: random.Random) -> str:
    """Anything."""
    return sentence(rng, ALL, 12)


def _piece(rng: random.Random, pieces: list[str]) -> str:
    kind = rng.random()
    if kind < 0.85:
        return rng.choice(pieces)
    if kind < 0.95:
        return chr(rng.choice([rng.randrange(1, 128), rng.randrange(128, 0xD800), rng.randrange(0xE000, 0x110000)]))
    return rng.choice(pieces)[: rng.randint(0, 6)]


def from_bytes(data: bytes) -> str:
    """A text of a fuzzer's bytes, without half pairs."""
    return data.decode("utf-8", errors="replace")


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Changed, cut, doubled or overwritten in a few places."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(changed) or 1)
        kind = rng.randrange(6)
        if kind < 2 and changed:
            changed[at % len(changed)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            changed[at : at + rng.randint(1, 8)] = rng.randbytes(rng.randint(0, 8))
        elif kind == 3:
            del changed[at : at + rng.randint(1, 64)]
        elif kind == 4:
            changed[at:at] = changed[at : at + rng.randint(1, 64)]
        else:
            changed[at : at + 4] = rng.choice(
                [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01"]
            )
    return bytes(changed[: rng.randint(1, len(changed) or 1)] if rng.random() < 0.2 else changed)
