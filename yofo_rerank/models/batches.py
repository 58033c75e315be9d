"""Batches by token budget: documents of one image grid together, so that little is padding."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

PENDING_BUDGETS = 4  # budgets' worth of items that may wait for company; bounds memory on long inputs


def batches(
    items: Iterable[Item], *, bucket: Callable[[Item], Hashable], tokens: Callable[[Item], int], max_tokens: int
) -> Iterator[list[Item]]:
    """Group a stream of items so that batch size x longest item stays within `max_tokens`.

    Items of one bucket go together as long as there are enough of them; what is left over is grouped by length. An
    item that alone exceeds the budget goes alone.

    >>> list(batches([3, 5, 3, 3], bucket=str, tokens=int, max_tokens=6))
    [[3, 3], [5], [3]]
    """
    waiting: dict[Hashable, list[Item]] = {}
    for item in items:
        group = waiting.setdefault(bucket(item), [])
        if group and _cost([*group, item], tokens) > max_tokens:
            yield waiting.pop(bucket(item))
            waiting[bucket(item)] = [item]
        else:
            group.append(item)
        if sum(_cost(group, tokens) for group in waiting.values()) > PENDING_BUDGETS * max_tokens:
            yield waiting.pop(max(waiting, key=lambda name: _cost(waiting[name], tokens)))
    leftovers = sorted((item for group in waiting.values() for item in group), key=tokens, reverse=True)
    group = []
    for item in leftovers:
        if group and _cost([*group, item], tokens) > max_tokens:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _cost(group: list[Item], tokens: Callable[[Item], int]) -> int:
    return len(group) * max(map(tokens, group))
