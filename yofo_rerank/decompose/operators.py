"""What denies, softens, offers or drops the words that follow it: the patterns of `grammar.txt`, the longest first."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def operators() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each operator's name and pattern."""
    parts: dict[str, str] = {}
    found = []
    text = files("yofo_rerank.decompose").joinpath("grammar.txt").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
    for entry in lines.replace("\n  ", " | ").splitlines():
        name, sign, alternatives = re.split(r"(: | = )", entry, maxsplit=1)
        pattern = re.sub(r"\{([A-Z*+]+)\}", lambda part: parts[part[1]], alternatives.replace(" | ", "|"))
        if sign == " = ":
            parts[name] = f"(?:{pattern})"
        else:
            found.append((name, re.compile(f"(?:{pattern}) ")))
    return tuple(found)


def operator_at(text: str, start: int, *, opens_clause: bool) -> tuple[str, int]:
    """The name of the operator that starts at a place of the text, and where it ends; ("", start) if there is none.

    >>> operator_at("avoid anything with sequins ", 0, opens_clause=True)
    ('deny', 20)
    """
    name, end = "", start
    for found, pattern in operators():
        match = pattern.match(text, start) if found[0] != "^" or opens_clause else None
        if match and match.end() > end:
            name, end = found.removeprefix("^"), match.end()
            if name == "prefer" and opens_clause:  # "ideally suitable for winter"
                break
    return name, end
