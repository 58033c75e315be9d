"""Where judges run: which cluster, how many of them, and what each takes; plain data."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from yofo_rerank.errors import ConfigError
from yofo_rerank.extras import require

LOCAL = "local"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pool:
    """Actors with a judge each.

    >>> Pool(max_size=8, num_gpus=1).min_size
    1

    Args:
        min_size: actors at the start.
        max_size: actors while there is enough to do.
        num_cpus: cores that each takes of the cluster's count.
        num_gpus: GPUs that each takes.
        decode_cpus: cores that a task which decodes takes.
        batch_size: documents that an actor judges at one time.
        object_store_bytes: decoded pictures that may wait in the cluster; None: as much as Ray allows.

    Raises:
        ConfigError: a number that cannot be.
    """

    min_size: int = 1
    max_size: int = 1
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    decode_cpus: float = 1.0
    batch_size: int = 32
    object_store_bytes: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.min_size <= self.max_size:
            raise ConfigError(f"got {self.min_size} to {self.max_size} actors, wanted 1 or more, the least first")
        if (
            self.batch_size < 1
            or min(self.num_cpus, self.num_gpus, self.decode_cpus) < 0
            or (self.object_store_bytes or 1) < 1
        ):
            raise ConfigError(f"got {self}, wanted a batch of 1 or more, and no negative number")


def warn_if_full(pool: Pool) -> None:
    """Say so where actors take every core, so that nothing is ever decoded; a cluster may grow, so it is no error."""
    import ray

    cores = ray.cluster_resources().get("CPU", 0.0)
    is_joined = pool.num_cpus == pool.decode_cpus and not pool.num_gpus  # Ray puts both into one process
    if not is_joined and pool.min_size * pool.num_cpus + pool.decode_cpus > cores:
        logger.warning(
            "%d actors with %g cores leave none of the cluster's %g to decode, which takes %g; unless it grows, "
            "nothing will be judged", pool.min_size, pool.num_cpus, cores, pool.decode_cpus,
        )  # fmt: skip


@contextmanager
def connected(address: str = LOCAL, **options: Any) -> Iterator[None]:
    """Be connected to a cluster; one that was started here, or joined here, is left at the end.

    Args:
        address: "local" starts one on this machine, "auto" finds one here; else as `ray.init` takes it.
        options: of `ray.init`, for one that is started.

    Raises:
        MissingExtra: no Ray. ConnectionError: no cluster there.
    """
    require("ray.data", extra="ray")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it tells of every run, and of objects among the rows
    if ray.is_initialized():
        yield
        return
    here = {"include_dashboard": False} | options if address == LOCAL else {}
    ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING, **here)
    try:
        yield
    finally:
        ray.shutdown()
