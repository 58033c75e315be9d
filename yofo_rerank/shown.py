"""Other people's words on a terminal or in a message."""

from __future__ import annotations

MAX_CHARS = 200


def printable(text: str, limit: int = MAX_CHARS) -> str:
    r"""The text on one line without control and direction characters, so that a foreign text cannot steer a terminal.

    >>> printable("a\x1b[31mb\nc\u202ed")
    'a [31mb c d'
    """
    return "".join(char if char.isprintable() else " " for char in text[:limit]).strip()
