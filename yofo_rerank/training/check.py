"""The data before the first step: every image opens, every example fits, or one error that lists those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelerate.utils import gather_object
from torch.utils.data import DataLoader, Dataset

from yofo_rerank.errors import ExampleError
from yofo_rerank.progress import Tick
from yofo_rerank.training.dataset import ExampleDataset
from yofo_rerank.training.encode import ExampleEncoder

BATCH = 16  # examples between two reports of progress, and the least that a process of its own is worth


@dataclass(frozen=True)
class Finding:
    """What the check says of one example."""

    position: int  # in the data set
    tokens: int  # of its longest arrangement; 0 for a bad one
    problem: str | None = None  # starts with file and line


def check_examples(
    data: ExampleDataset,
    encoder: ExampleEncoder,
    *,
    workers: int = 0,
    tick: Tick | None = None,
    process: int = 0,
    n_processes: int = 1,
) -> list[Finding]:
    """Prepare every example as training will, in worker processes, and say what came of each.

    Several training processes take a share each, and all get all findings.
    """
    own = range(process, len(data), n_processes)
    loader: DataLoader[Finding] = DataLoader(
        _Findings(data, encoder),
        sampler=own,
        batch_size=BATCH,
        num_workers=min(workers, len(own) // BATCH),
        collate_fn=list,
    )
    findings: list[Finding] = []
    for batch in loader:
        findings += batch
        if tick is not None:
            tick(len(findings), len(own))
    return gather_object(findings) if n_processes > 1 else findings


class _Findings(Dataset[Finding]):
    def __init__(self, data: ExampleDataset, encoder: ExampleEncoder) -> None:
        self._data, self._encoder = data, encoder

    def __getitem__(self, position: int) -> Finding:
        try:
            cases = self._data.cases(position)
            prefix = self._encoder.prefix(cases[0])
            return Finding(position, max(len(self._encoder.encode(case, prefix).ids) for case in cases))
        except ExampleError as error:
            return Finding(position, 0, str(error))


def problems_of(findings: Sequence[Finding]) -> dict[int, str]:
    """Position and problem of the bad examples."""
    return {one.position: one.problem for one in findings if one.problem is not None}
