"""The data sets of a run, checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from yofo_rerank.errors import ExampleError
from yofo_rerank.models.config import judged_as
from yofo_rerank.progress import counting
from yofo_rerank.training.arguments import data_workers
from yofo_rerank.training.check import check_examples, problems_of
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.dataset import ExampleDataset
from yofo_rerank.training.encode import ExampleEncoder
from yofo_rerank.training.examples import ExampleFile
from yofo_rerank.training.problems import Problems

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainData:
    """Training examples, and validation ones without reasons and in the file's own order, as inference sees them."""

    train: ExampleDataset
    validation: ExampleDataset | None
    problems: Problems  # of both files; what they describe is left out
    train_left_out: int
    longest: int  # tokens of the longest good example; 0 = not checked

    @property
    def left_out(self) -> int:
        """Bad examples of both files."""
        return self.problems.count


def load_data(
    config: TrainConfig, encoder: ExampleEncoder, process: int = 0, n_processes: int = 1, *, report: bool = False
) -> TrainData:
    """Read both files and check every example, unless `check_data` is off.

    Args:
        config: names the files.
        encoder: lays examples out.
        process: of `n_processes` training processes, which share the check.
        n_processes: see there.
        report: bad examples are reported in the result, whatever the config says.

    Raises:
        ExampleError: bad examples, and no leave to skip them; or none that is good.
    """
    problems, longest = Problems(), 0
    share = {"process": process, "n_processes": n_processes}
    train = _data_set(config, config.train_file, problems, training=True)
    if config.check_data:
        longest = _leave_out_bad(train, config, encoder, problems, **share)
    train_left_out, validation = problems.count, None
    if config.validation_file is not None:
        validation = _data_set(config, config.validation_file, problems, training=False)
        if config.check_data:
            longest = max(longest, _leave_out_bad(validation, config, encoder, problems, **share))
    if problems and not report:
        if config.on_bad_example == "error":
            raise problems.error()
        logger.warning("%d bad examples are left out; the first: %s", problems.count, problems.messages[0])
        if not len(train) or (validation is not None and not len(validation)):
            raise ExampleError(f"no good example is left: {problems.messages[0]}", code="bad_examples")
    return TrainData(train, validation, problems, train_left_out, longest)


def _data_set(config: TrainConfig, path: Path, problems: Problems, *, training: bool) -> ExampleDataset:
    return ExampleDataset(
        ExampleFile(path, problems),
        seed=config.seed,
        shuffle=config.shuffle_properties and training,
        dependency_aware=config.dependency_aware,
        use_reasons=config.use_reasons and training,
        reasons_are_hidden=config.hide_reasons,
        attention=config.attention if training else judged_as(config.attention),
        tolerant=config.check_data or config.on_bad_example == "skip",
    )


def _leave_out_bad(
    data: ExampleDataset,
    config: TrainConfig,
    encoder: ExampleEncoder,
    problems: Problems,
    *,
    process: int,
    n_processes: int,
) -> int:
    """Check, note what is bad, and return the length of the longest good example."""
    label = f"Checking {data.file.path.name}"
    with counting(config.progress and process == 0, label) as tick:
        findings = check_examples(
            data, encoder, workers=data_workers(config), tick=tick, process=process, n_processes=n_processes
        )
    bad = problems_of(findings)
    problems.extend(bad[position] for position in sorted(bad))
    data.leave_out(set(bad))
    return max((finding.tokens for finding in findings), default=0)
