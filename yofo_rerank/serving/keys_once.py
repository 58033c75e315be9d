"""A key that an object of a body has twice: a reader keeps the last in silence, and a proxy may have seen the first."""

from __future__ import annotations

import json
import re

# a string and whether it is a key, or where an object begins or ends
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?+|[{}]', re.DOTALL)


def repeated_key(data: bytes | bytearray) -> str | None:
    r"""The first key that stands twice in one object; builds nothing of the values, which may be large.

    >>> repeated_key(b'{"a": {"b": 1}, "b": {"b": 2, "\\u0062": 3}}')
    'b'

    Args:
        data: JSON that was parsed before: nothing is checked here.
    """
    open_objects: list[set[bytes]] = []
    for found in _MARK.finditer(data):
        if data[found.start()] == 0x7B:  # {
            open_objects.append(set())
        elif data[found.start()] == 0x7D:  # }
            open_objects.pop()
        elif found.group(1) is not None:
            key = bytes(data[found.start() + 1 : found.start(1) - 1])
            if b"\\" in key:
                key = json.loads(b'"%b"' % key).encode()
            if key in open_objects[-1]:
                return key.decode()
            open_objects[-1].add(key)
    return None
