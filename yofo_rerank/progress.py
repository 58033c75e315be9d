"""How far a judge has come: a bar on stderr, or the caller's own callback."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Tick = Callable[[int, int], None]
Progress = bool | Tick  # True: a bar; a callback gets (judged so far, all documents)


def watched(ask: Callable[..., Any], progress: Progress) -> dict[str, Any]:
    """`progress` as an argument of `ask`, where somebody looks and `ask` takes it; a judge need not know it.

    >>> watched(lambda documents, requirements: [], True)
    {}
    """
    return {"progress": progress} if progress and _takes_progress(ask) else {}


def _takes_progress(ask: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(ask).parameters
    except (TypeError, ValueError):  # native code may have none
        return False
    return "progress" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


@contextmanager
def counting(progress: Progress | None, label: str = "Judging") -> Iterator[Tick | None]:
    """What to call with (judged so far, all documents), or None where nobody looks; `label` stands before the bar.

    >>> seen = []
    >>> with counting(lambda judged, total: seen.append((judged, total))) as tick:
    ...     tick(1, 2)
    >>> seen
    [(1, 2)]
    """
    if not progress:
        yield None
    elif callable(progress):
        yield progress
    else:
        with _bar(label) as tick:
            yield tick


@contextmanager
def _bar(label: str) -> Iterator[Tick]:
    """Documents, documents per second and the time left; gone when all is done, silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), Speed(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda judged, total: bar.update(task, completed=judged, total=total)
