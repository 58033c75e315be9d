"""Settings of a component that are a judge's too."""

from __future__ import annotations

from typing import Any


def given(**settings: Any) -> dict[str, Any]:
    """Those that the user gave; a judge has its own defaults for the others.

    >>> given(attention="joint", verdicts=None)
    {'attention': 'joint'}
    """
    return {name: value for name, value in settings.items() if value not in (None, {})}
