"""Prefix states in tiers: the GPU's memory, the host's, a folder; each with a budget, the fastest asked first."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yofo_rerank.models.states.budget import device_bytes, host_bytes
from yofo_rerank.models.states.disk import DiskTier
from yofo_rerank.models.states.kept import Kept
from yofo_rerank.models.states.state import Packed, PrefixState, pack, unpack

if TYPE_CHECKING:
    import torch

PENDING = 8  # states that wait to be written; a faster producer waits, too

Move = Callable[[Packed], Packed]


@dataclass(frozen=True)
class CacheStats:
    """What the tiers have done so far; entries and bytes are those in memory."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0  # out of memory; a state may still be on disk
    entries: int = 0
    bytes: int = 0
    max_bytes: int = 0
    from_disk: int = 0  # of the hits
    disk_entries: int = 0
    disk_bytes: int = 0

    @property
    def hit_rate(self) -> float:
        """Share of what was asked for that was there; 0 before anything was."""
        return self.hits / max(1, self.hits + self.misses)


class StateTiers:
    """Prefix states by document key; any number of threads may call it.

    >>> StateTiers(0).stats.max_bytes
    0

    Args:
        cache_bytes: memory where the model runs; 0 = none; None = a part of what is free there. None on a GPU also
            uses a part of the host's memory, for what does not fit.
        device: "cpu", "cuda", "cuda:1".
        folder: where states are kept beyond this process; None = nowhere.
        identity: of the model, which a folder may share with others.
        disk_bytes: of all files in the folder; None = half of what is free.
        int8: keep keys and values in 8 bits.
    """

    def __init__(
        self,
        cache_bytes: int | None,
        *,
        device: str = "cpu",
        folder: str | Path | None = None,
        identity: bytes = b"",
        disk_bytes: int | None = None,
        int8: bool = False,
    ) -> None:
        if cache_bytes is not None and cache_bytes < 0:
            raise ValueError(f"cache_bytes must be 0 (off) or more, but got {cache_bytes}")
        self._tiers = _memory(cache_bytes, device)
        self._disk = None if folder is None else DiskTier(folder, identity, disk_bytes)
        self._writer = _Writer()
        self._int8 = int8
        self._lock = threading.Lock()
        self._hits = self._misses = self._evictions = self._from_disk = 0

    @property
    def max_bytes(self) -> int:
        """Budgets of all tiers together; 0: nothing is kept."""
        return sum(tier.max_bytes for tier in self._tiers) + (self._disk.max_bytes if self._disk else 0)

    def get(self, key: bytes) -> PrefixState | None:
        """The state from the fastest tier that has it, copied to the fastest; None counts as a miss."""
        with self._lock:
            packed = self._from_memory(key)
        on_disk = self._disk.get(key) if packed is None and self._disk else None
        with self._lock:
            if on_disk is not None:
                self._from_disk += 1
                packed = self._tiers[0].move(on_disk)
                self._keep(key, packed)
            self._hits += packed is not None
            self._misses += packed is None
        return None if packed is None else unpack(packed)

    def put(self, key: bytes, state: PrefixState) -> None:
        """Keep a state in memory, and on disk where there is a folder."""
        packed = pack(state, int8=self._int8)
        with self._lock:
            self._keep(key, packed)
        if self._disk is not None:
            self._writer.submit(self._disk, key, packed)

    def clear(self) -> None:
        """Forget all states in memory; folder and counters stay."""
        with self._lock:
            for tier in self._tiers:
                tier.clear()

    def flush(self) -> None:
        """Wait until everything is on disk."""
        self._writer.wait()

    @property
    def stats(self) -> CacheStats:
        """Counters so far."""
        with self._lock:
            return CacheStats(
                hits=self._hits,
                misses=self._misses,
                evictions=self._evictions,
                entries=len({key for tier in self._tiers for key in tier.kept}),
                bytes=sum(tier.kept.bytes for tier in self._tiers),
                max_bytes=sum(tier.max_bytes for tier in self._tiers),
                from_disk=self._from_disk,
                disk_entries=self._disk.entries if self._disk else 0,
                disk_bytes=self._disk.used if self._disk else 0,
            )

    def _from_memory(self, key: bytes) -> Packed | None:
        for level, tier in enumerate(self._tiers):
            packed = tier.kept.get(key)
            if packed is not None and level:
                packed = self._tiers[0].move(packed)
                self._keep(key, packed)
            if packed is not None:
                return packed
        return None

    def _keep(self, key: bytes, packed: Packed, level: int = 0) -> None:
        """Into one tier; what has to go for it goes one further down."""
        for name, gone in self._tiers[level].kept.put(key, packed, packed.nbytes):
            if level + 1 == len(self._tiers):
                self._evictions += name != key
            elif name not in self._tiers[level + 1].kept:
                self._keep(name, self._tiers[level + 1].move(gone), level + 1)


class _Memory:
    """One tier in memory, and how a state gets there."""

    def __init__(self, max_bytes: int, move: Move) -> None:
        self.max_bytes, self.move = max_bytes, move
        self.clear()

    def clear(self) -> None:
        self.kept: Kept[bytes, Packed] = Kept(self.max_bytes)


class _Writer:
    """Writes states to disk behind the caller's back; at most a few wait, so that memory stays bounded."""

    def __init__(self) -> None:
        self._process = 0
        self._guard = threading.Lock()
        self._last: Future[None] | None = None

    def submit(self, disk: DiskTier, key: bytes, packed: Packed) -> None:
        with self._guard:
            if self._process != os.getpid():  # the first time, or a forked process, which has no such thread
                self._process = os.getpid()
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="yofo-states")
                self._room = threading.BoundedSemaphore(PENDING)
        room = self._room
        room.acquire()
        self._last = self._pool.submit(disk.put, key, packed)
        self._last.add_done_callback(lambda _: room.release())

    def wait(self) -> None:
        if self._process == os.getpid() and self._last is not None:
            self._last.result()  # one thread: what was submitted before is done, too


def _memory(cache_bytes: int | None, device: str) -> list[_Memory]:
    """The tiers in memory, the fastest first."""
    if not device.startswith("cuda"):
        return [_Memory(host_bytes(cache_bytes), _to_host)]
    first = _Memory(device_bytes(device, cache_bytes), _to_device(device))
    return [first] if cache_bytes is not None else [first, _Memory(host_bytes(), _to_pinned)]


def _to_host(packed: Packed) -> Packed:
    return _moved(packed, lambda tensor: tensor.cpu())


def _to_device(device: str) -> Move:
    return lambda packed: _moved(packed, lambda tensor: tensor.to(device, non_blocking=True))


def _to_pinned(packed: Packed) -> Packed:
    """Page-locked, so that the way back to the GPU needs no wait."""
    import torch

    return _moved(packed, lambda tensor: torch.empty_like(tensor, device="cpu", pin_memory=True).copy_(tensor))


def _moved(packed: Packed, move: Callable[[torch.Tensor], torch.Tensor]) -> Packed:
    return Packed({name: move(one) for name, one in packed.tensors.items()}, packed.next_position, packed.dtype)
