"""The examples of a file as a data set: arranged anew every epoch, the same way on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import Dataset

from yofo_rerank.training.arrange import dependent, draw, shuffled, without_reasons
from yofo_rerank.training.examples import Example, ExampleFile


@dataclass(frozen=True)
class Item:
    """An example whose properties are in their final order, and where it comes from."""

    example: Example
    folder: Path  # its image is relative to this
    where: str  # for messages


class ExampleDataset(Dataset[Item]):
    """Arranged examples, a pure function of (seed, epoch, index); set `epoch` before an epoch's workers start."""

    def __init__(
        self, file: ExampleFile, *, seed: int, shuffle: bool, dependency_aware: bool, use_reasons: bool
    ) -> None:
        self.file = file
        self.epoch = 0
        self._seed, self._shuffle = seed, shuffle
        self._dependency_aware, self._use_reasons = dependency_aware, use_reasons

    def __len__(self) -> int:
        return len(self.file)

    def __getitem__(self, index: int) -> Item:
        example, where = self.file[index], self.file.where(index)
        rng = draw(self._seed, self.epoch, index)
        if not self._use_reasons:
            example = without_reasons(example)
        if self._dependency_aware:
            example = dependent(example, rng, where=where)
        elif self._shuffle:
            example = shuffled(example, rng)
        return Item(example, self.file.folder, where)
