"""Where judges run: which cluster, how many of them, and what each takes; plain data."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from yofo_rerank.errors import ConfigError
from yofo_rerank.frameworks.extras import require

LOCAL = "local"


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
        batch_size: documents that an actor judges at one time.
        object_store_bytes: decoded pictures that may wait in the cluster; None: as much as Ray allows.

    Raises:
        ConfigError: a number that cannot be.
    """

    min_size: int = 1
    max_size: int = 1
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    batch_size: int = 32
    object_store_bytes: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.min_size <= self.max_size:
            raise ConfigError(f"got {self.min_size} to {self.max_size} actors, wanted 1 or more, the least first")
        if self.batch_size < 1 or self.num_cpus < 0 or self.num_gpus < 0 or (self.object_store_bytes or 1) < 1:
            raise ConfigError(f"got {self}, wanted a batch of 1 or more, and no negative number")


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
