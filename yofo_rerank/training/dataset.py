"""The examples of a file as a data set: arranged anew every epoch, the same way on every machine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch.utils.data import Dataset

from yofo_rerank.models.config import TrainedAttention
from yofo_rerank.training.arrange import dependent, dependent_pairs, draw, shuffled, without_reasons
from yofo_rerank.training.examples import Example, ExampleFile

MAX_STAND_INS = 16  # examples tried in the place of one that cannot be read; all of them bad is no accident


@dataclass(frozen=True)
class Item:
    """An example whose properties are in their final order, and where it comes from."""

    example: Example
    folder: Path  # its image is relative to this
    where: str  # for messages
    isolated: bool = False  # each requirement sees the document and itself alone
    stand_ins: Callable[[], Iterator[Item]] = lambda: iter(())  # what to take if its image cannot be read


class ExampleDataset(Dataset[Item]):
    """Arranged examples, a pure function of (seed, epoch, index); set `epoch` before an epoch's workers start.

    Args:
        file: the examples.
        seed: of all orders.
        shuffle: another order of the properties every epoch.
        dependency_aware: two properties instead, the second the opposite of the first (paper section 4.5).
        use_reasons: keep the reasons.
        reasons_are_hidden: the model will mask them, so that a dependent question may keep the first one's reason.
        attention: how requirements see each other; "mixed" draws one of the two ways for every example and epoch.
        tolerant: an example that turns out unreadable is stood in for by those that follow it.
    """

    def __init__(
        self,
        file: ExampleFile,
        *,
        seed: int,
        shuffle: bool,
        dependency_aware: bool,
        use_reasons: bool,
        reasons_are_hidden: bool = False,
        attention: TrainedAttention = "joint",
        tolerant: bool = False,
    ) -> None:
        self.file = file
        self.epoch = 0
        self._kept = array("Q", range(len(file)))
        self._seed, self._shuffle = seed, shuffle
        self._dependency_aware, self._use_reasons = dependency_aware, use_reasons
        self._reasons_are_hidden, self._tolerant = reasons_are_hidden, tolerant
        self._attention = attention

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, position: int) -> Item:
        index = self._kept[position]
        example, where = self._example(index), self.file.where(index)
        rng = draw(self._seed, self.epoch, index)
        if self._dependency_aware:
            example = dependent(example, rng, where=where, keep_reason=self._reasons_are_hidden)
        elif self._shuffle:
            example = shuffled(example, rng)
        isolated = rng.random() < 0.5 if self._attention == "mixed" else self._attention == "isolated"
        item = Item(example, self.file.folder, where, isolated)
        return replace(item, stand_ins=partial(self._after, position)) if self._tolerant else item

    def cases(self, position: int) -> list[Item]:
        """Every arrangement of an example that differs in length, for a check; ExampleError where there is none."""
        index = self._kept[position]
        example, where = self._example(index), self.file.where(index)
        arranged = [example]
        if self._dependency_aware:
            arranged = dependent_pairs(example, where=where, keep_reason=self._reasons_are_hidden)
        return [Item(one, self.file.folder, where) for one in arranged]

    def examples(self) -> Iterator[Example]:
        """The examples as they are in the file."""
        return (self.file[index] for index in self._kept)

    def leave_out(self, positions: Collection[int]) -> None:
        """Go on without these."""
        self._kept = array("Q", (index for place, index in enumerate(self._kept) if place not in positions))

    def _example(self, index: int) -> Example:
        example = self.file[index]
        return example if self._use_reasons else without_reasons(example)

    def _after(self, position: int) -> Iterator[Item]:
        for step in range(1, min(MAX_STAND_INS + 1, len(self))):
            yield self[(position + step) % len(self)]
