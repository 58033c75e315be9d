"""What the suite runs: one step for each record. Adding a measurement is one line here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from yofo_rerank.errors import ConfigError


@dataclass(frozen=True)
class Step:
    """One program, and the record that it writes into `evals/results`."""

    record: str  # its name, without .json
    command: str  # from the repository root
    also: tuple[str, ...] = ()  # records that the same run writes
    everyday: bool = True  # False: hours, gigabytes or another machine; run by name
    skips: bool = False  # its program knows --skip-missing
    lasts: bool = False  # what it made is not made again: the time of all its runs is what it takes
    wants: tuple[str, ...] = ()  # folders, models/... and datasets/... of the hub, without which it is not started
    trained: bool = False  # it asks the contestants that `TRAINING` makes

    @property
    def words(self) -> list[str]:
        """The command, word by word."""
        return shlex.split(self.command)

    @property
    def records(self) -> tuple[str, ...]:
        """All that it writes."""
        return (self.record, *self.also)


STEPS = (
    Step("decompose", "python -m evals.decompose"),
    Step("mini_accuracy", "python -m evals.mini_accuracy"),
    Step("mini_search", "python -m evals.mini_search"),
    Step("train_mini", "python -m evals.train_mini", everyday=False),  # after `make train-mini`: two hours
    Step("attention", "python -m evals.attention"),
    Step("int8_states", "python -m evals.int8_states"),
    Step("evidence", "python -m evals.evidence"),
    Step("facets", "python -m evals.facets", everyday=False),
    Step("import_time", "python -m evals.bench", also=("bench_mini", "bench_scaling", "bench_adapters")),
    Step("bench_peers", "python -m evals.bench.peers"),
    Step("bench_indexing", "python -m evals.bench.indexing", everyday=False),
    Step("bench_full_size", "python -m evals.bench.full_size", everyday=False),
    Step("bench_restart", "python -m evals.bench.restart", everyday=False),
    Step("bench_memory", "python -m evals.bench.memory", everyday=False),
    Step("bench_evidence", "python -m evals.bench.evidence_cost", everyday=False),
    Step("ray_scaling", "python -m evals.bench.ray_scaling", everyday=False),
    Step("ray_memory", "python -m evals.bench.ray_memory", everyday=False),
    Step("ten_million", "python -m evals.bench.ten_million", everyday=False),
    Step("bench_service", "python -m evals.bench.service", everyday=False),
    Step("attack", "make attack", everyday=False),
    Step("suite", "make evals", everyday=False),
    Step("suite_real", "python -m evals.suite --real", everyday=False),
)
TRAINING = Step("contestants", "python -m evals.contestants --train all", lasts=True)  # writes no record; goes on
THROUGH_MTEB = "python -m evals.rank --task mini --model yofo --model no-reranking --model random"
COMPARED = (  # what the report lays beside the paper
    Step("pairs", "python -m evals.pairs", skips=True, trained=True),
    Step("throughput", "python -m evals.throughput", skips=True, trained=True),
    Step("dependency", "python -m evals.dependency", skips=True, trained=True),
    Step("reasons", "python -m evals.reasons", skips=True, trained=True),
    Step("ranks", "python -m evals.ranks", skips=True, trained=True),
    Step("positions", "python -m evals.positions", skips=True, trained=True),
    Step("drift", "python -m evals.drift"),
    Step("rank_mini_yofo", THROUGH_MTEB, also=("rank_mini_no-reranking", "rank_mini_random"), skips=True),
    Step("verdicts_mini_yofo", "python -m evals.verdicts --set mini", skips=True),
)

SUITES = ("suite", "suite_real")  # records of all steps, which are no steps


def get_step(name: str) -> Step:
    """The step that makes this record.

    Raises:
        ConfigError: unknown; names the known ones.
    """
    steps = {record: step for step in (*STEPS, *COMPARED) for record in step.records if record not in SUITES}
    if name not in steps:
        raise ConfigError(f"unknown step {name!r}; known are {', '.join(steps)}")
    return steps[name]


def command_of(record: str) -> str:
    """How a record is made."""
    commands = {name: step.command for step in (*STEPS, *COMPARED) for name in step.records}
    return commands.get(record, f"python -m evals.{record}")
