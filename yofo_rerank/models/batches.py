"""Batches by token budget: documents of one image grid or of one length together, so that little is padding."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

PENDING_BUDGETS = 4  # budgets' worth of items that may wait for company; bounds memory on long inputs
UNEVEN = (
    1.15  # longest by shortest item, beyond which a batch of at least an eighth of the budget goes without the next
)


class _Group(Generic[Item]):
    """Items and what they cost together: every one is padded to the longest."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.longest = self.shortest = 0

    def cost(self, more: int = 0) -> int:
        """Padded tokens; with one more item of that length, if there is one."""
        return (len(self.items) + bool(more)) * max(self.longest, more)

    def add(self, item: Item, tokens: int) -> None:
        self.items.append(item)
        self.longest = max(self.longest, tokens)
        self.shortest = min(self.shortest or tokens, tokens)

    def is_full(self, tokens: int, max_tokens: int) -> bool:
        """Whether an item of that length had better go into another batch."""
        is_uneven = max(self.longest, tokens) > UNEVEN * min(self.shortest, tokens)
        return bool(self.items) and (self.cost(tokens) > max_tokens or (is_uneven and self.cost() * 8 >= max_tokens))


def batches(
    items: Iterable[Item],
    *,
    bucket: Callable[[Item], Hashable],
    tokens: Callable[[Item], int],
    max_tokens: int,
    kind: Callable[[Item], Hashable] = lambda _: None,
) -> Iterator[list[Item]]:
    """Group a stream of items so that batch size x longest item stays within `max_tokens`.

    Items of one bucket go together as long as there are enough of them; what is left over is grouped by length. An
    item that alone exceeds the budget goes alone. Items of two kinds never share a group.

    >>> list(batches([3, 5, 3, 3], bucket=str, tokens=int, max_tokens=6))
    [[3, 3], [5], [3]]
    """
    waiting: dict[tuple[Hashable, Hashable], _Group[Item]] = {}
    pending = 0
    for item in items:
        name, n_tokens = (kind(item), bucket(item)), tokens(item)
        group = waiting.setdefault(name, _Group())
        pending -= group.cost()
        if group.is_full(n_tokens, max_tokens):
            yield waiting.pop(name).items
            group = waiting[name] = _Group()
        group.add(item, n_tokens)
        pending += group.cost()
        if pending > PENDING_BUDGETS * max_tokens:
            largest = waiting.pop(max(waiting, key=lambda name: waiting[name].cost()))
            pending -= largest.cost()
            yield largest.items
    left: dict[Hashable, list[Item]] = {}
    for (sort, _), group in waiting.items():
        left.setdefault(sort, []).extend(group.items)
    for leftovers in left.values():
        yield from _by_length(leftovers, tokens, max_tokens)


def _by_length(items: list[Item], tokens: Callable[[Item], int], max_tokens: int) -> Iterator[list[Item]]:
    group: _Group[Item] = _Group()
    for item in sorted(items, key=tokens, reverse=True):
        if group.is_full(tokens(item), max_tokens):
            yield group.items
            group = _Group()
        group.add(item, tokens(item))
    if group.items:
        yield group.items
