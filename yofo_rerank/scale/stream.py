"""Partitions through a cluster: decoded by tasks, judged by actors, and handed back here, each when it is whole.

Ray Data repeats what was lost with a process or a machine, holds back decoding while pictures wait for a judge, and
gives every row once. What comes back is small (some numbers for each document), so one place can put it together: a
partition is yielded once, when all of its documents are there; what never becomes whole is warned of.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from yofo_rerank.judging import Judge
from yofo_rerank.scale.actors import JudgeActor, decode
from yofo_rerank.scale.partitions import Partition
from yofo_rerank.scale.pool import Pool, warn_if_full

if TYPE_CHECKING:
    from ray.data import Dataset

    from yofo_rerank.retrieval import ClipEncoder

BLOCK_BYTES = 16 * 1024 * 1024  # of decoded pictures that travel together
SHOWN = 3  # names in a message

Waiting = dict[str, dict[int, dict[str, Any]]]  # partition -> place -> row

logger = logging.getLogger(__name__)


def whole_partitions(
    partitions: Sequence[Partition],
    judge: Judge,
    requirements: Sequence[str],
    *,
    pool: Pool,
    encoder: ClipEncoder | None = None,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Name and rows of each partition, as soon as it is whole; the rows in the order of its documents.

    Must run within `connected`. A partition without documents has no rows; one of which some did not come, or none, is
    not yielded, and a warning says so.
    """
    if not partitions:
        return
    warn_if_full(pool)
    waiting: Waiting = {}
    missing = {one.name for one in partitions}
    answers = _dataset(partitions, judge, requirements, pool, encoder)
    for table in answers.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        for row in table.to_pylist():  # type: ignore[union-attr]  # a table: the format says so
            name, size = row["partition"], row["size"]
            rows = waiting.setdefault(name, {})
            rows[row["place"]] = row
            if len(rows) >= size:  # one row tells that there are no documents
                del waiting[name]
                missing.discard(name)
                yield name, [rows[place] for place in range(size)]
    _warn(missing, waiting)


def _warn(missing: Collection[str], waiting: Waiting) -> None:
    lost = sorted({*missing, *waiting})
    if not lost:
        return
    shown = []
    for name in lost[:SHOWN]:
        rows = waiting.get(name, {})
        size = next((row["size"] for row in rows.values()), None)
        shown.append(f"{name} ({len(rows)} documents of {'?' if size is None else size})")
    logger.warning(
        "%d partitions did not come back whole: %s%s; did their files change meanwhile? They are not kept; the next "
        "run judges them", len(lost), ", ".join(shown), ", ..." if len(lost) > SHOWN else "",
    )  # fmt: skip


def _dataset(
    partitions: Sequence[Partition],
    judge: Judge,
    requirements: Sequence[str],
    pool: Pool,
    encoder: ClipEncoder | None,
) -> Dataset:
    import ray.data
    from ray.data import ActorPoolStrategy, ExecutionResources

    given = ray.data.from_items([{"partition": one} for one in partitions], override_num_blocks=len(partitions))
    context = given.context
    context.enable_progress_bars = False
    context.target_max_block_size = BLOCK_BYTES
    if pool.object_store_bytes:
        limits = ExecutionResources(object_store_memory=pool.object_store_bytes)
        context.execution_options.resource_limits = limits
    # where an actor takes as many cores as a decoding task, and no GPU, Ray puts the two into one process
    decoded = given.map_batches(
        decode, batch_size=1, batch_format="numpy", zero_copy_batch=True, num_cpus=pool.decode_cpus
    )
    return decoded.map_batches(
        JudgeActor,
        fn_constructor_args=(judge, tuple(requirements), encoder),
        batch_size=pool.batch_size,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=ActorPoolStrategy(min_size=pool.min_size, max_size=pool.max_size, max_tasks_in_flight_per_actor=2),
        num_cpus=pool.num_cpus,
        num_gpus=pool.num_gpus or None,
    )
