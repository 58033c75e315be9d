"""A griffe extension: the doctests of a docstring become code blocks, as their author meant them."""

from __future__ import annotations

from typing import Any

from griffe import Docstring, Extension, Object


class Doctests(Extension):
    """Fence every run of lines from `>>>` to the next blank one."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of an object once it is loaded."""
        if obj.docstring and ">>>" in obj.docstring.value:
            old = obj.docstring
            obj.docstring = Docstring(
                fenced(old.value), lineno=old.lineno, endlineno=old.endlineno, parent=obj, parser=old.parser
            )


def fenced(text: str) -> str:
    """The text with each doctest between ```pycon and ```."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if not inside and line.lstrip().startswith(">>>"):
            lines += [f"{indent}```pycon"]
            inside = True
        elif inside and not line.strip():
            lines += ["```"]
            inside = False
        lines.append(line.replace("  # doctest: +SKIP", ""))
    return "\n".join([*lines, "```"] if inside else lines)
