"""How much memory prefix states may take: what the machine has, of which a part."""

from __future__ import annotations

import logging
from pathlib import Path

logger = logging.getLogger(__name__)

HOST_SHARE = 4  # a fourth of the memory that is free
DEVICE_SHARE = 2  # half of the GPU's that is free once the model is there; passes need the rest
_CGROUP = Path("/sys/fs/cgroup")  # what a container may use, whatever the machine has


def host_bytes(wanted: int | None = None) -> int:
    """Bytes of host memory for states: as wanted, but never more than the machine has free, which is said."""
    free = free_host_bytes()
    if wanted is None:
        return free // HOST_SHARE
    return _bounded(wanted, free)


def device_bytes(device: str, wanted: int | None = None) -> int:
    """Bytes of a GPU's memory for states, on the same terms."""
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    if wanted is None:
        return free // DEVICE_SHARE
    return _bounded(wanted, free)


def free_host_bytes() -> int:
    """What this process could still take."""
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return free if limit == "max" else max(0, min(free, int(limit) - int(used)))
    except (OSError, ValueError):  # no container, or not this version of them
        return free


def _bounded(wanted: int, free: int) -> int:
    if wanted <= free:
        return wanted
    logger.warning("%d bytes for prefix states are more than is free; %d are used", wanted, free)
    return free
