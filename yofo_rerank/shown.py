"""Other people's words on a terminal or in a message."""

from __future__ import annotations

MAX_CHARS = 200


def printable(text: str, limit: int = MAX_CHARS) -> str:
    r"""The text on one line without control and direction characters, so that a foreign text cannot steer a terminal.

    >>> printable("a\x1b[31mb\nc\u202ed")
    'a [31mb c d'
    """
    return "".join(char if char.isprintable() else " " for char in text[:limit]).strip()


def brief(value: object, limit: int = 80) -> str:
    """The beginning of a value as Python writes it, for messages; its type where Python does not write it.

    >>> brief("abc"), brief(10**5000)
    ("'abc'", 'int')
    """
    try:
        return repr(value)[:limit]
    except ValueError:  # an integer of more than 4,300 digits
        return type(value).__name__
