"""Prefix states in a folder: one safetensors file each, mapped into memory when it is read.

A file appears as a whole or not at all, and carries model, document and checksum: what does not fit is computed again.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.states.kept import Kept
from yofo_rerank.models.states.state import Packed

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

SCHEMA = "yofo-state-1"
SUFFIX = ".safetensors"
_OURS = re.compile(r"[0-9a-f]{32}/[0-9a-f]{64}\.safetensors")
_DRAFT = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{32}\.draft")
_DRAFT_SECONDS = 3600  # an older one was left by a process that was killed
_NOTICED = 20  # other processes are noticed after a twentieth of the budget was written


class DiskTier:
    """States of one model in a folder that other models and processes may share; any number of threads may call it.

    Args:
        folder: made where it is not there.
        identity: of the model; another one's states are never read.
        max_bytes: of all files in the folder; None = half of what is free.

    Raises:
        ConfigError: the folder cannot be made.
    """

    def __init__(self, folder: str | Path, identity: bytes, max_bytes: int | None = None) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._model = identity.hex()[:32]
        self._identity = identity.hex()
        self._lock = threading.Lock()
        self._troubles: set[str] = set()
        try:
            (self.folder / self._model).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if not (self.folder / self._model).is_dir():
                raise ConfigError(f"cannot make the folder {str(folder)!r} for prefix states: {error}") from error
        self.max_bytes = _free_half(self.folder) if max_bytes is None else max_bytes
        self._kept: Kept[str, None] = Kept(self.max_bytes * (_NOTICED - 1) // _NOTICED)
        self._unnoticed = 0  # bytes written since the folder was looked through
        with self._lock:
            self._look_through()

    def get(self, key: bytes) -> Packed | None:
        """The state, or None where there is none that can be trusted."""
        name = self._name(key)
        path = self.folder / name
        try:
            packed = _read(path, self._identity, key.hex())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._say("read", f"{path}: {error}")
            self._drop(name)
            return None
        with self._lock:
            self._kept.get(name)
        try:
            os.utime(path)  # the next process starts with those used last
        except OSError:
            logger.debug("cannot touch %s", path)
        return packed

    def put(self, key: bytes, packed: Packed) -> None:
        """Keep a state, and remove others where the budget says so; what fails is said once."""
        name = self._name(key)
        path = self.folder / name
        if packed.nbytes > self.max_bytes or path.exists():
            return
        draft = path.with_name(f"{key.hex()}.{uuid4().hex}.draft")
        try:
            _write(draft, packed, self._identity, key.hex())
            size = draft.stat().st_size
            draft.replace(path)
        except OSError as error:
            self._say("written", str(error))
            draft.unlink(missing_ok=True)
            return
        with self._lock:
            self._unnoticed += size
            if self._unnoticed > self.max_bytes // _NOTICED:
                self._look_through()
            self._remove(self._kept.put(name, None, size))

    @property
    def used(self) -> int:
        """Bytes of all files, as far as this process knows."""
        return self._kept.bytes

    @property
    def entries(self) -> int:
        """Files, as far as this process knows."""
        return len(self._kept)

    def _name(self, key: bytes) -> str:
        return f"{self._model}/{key.hex()}{SUFFIX}"

    def _look_through(self) -> None:
        """Learn what other processes wrote and removed, the longest unused first."""
        found = sorted(_files(self.folder))
        present = {name for _, name, _ in found}
        for name in [name for name in self._kept if name not in present]:
            self._kept.remove(name)
        for _, name, size in found:
            if name not in self._kept:
                self._remove(self._kept.put(name, None, size))
        self._unnoticed = 0

    def _remove(self, gone: list[tuple[str, None]]) -> None:
        for name, _ in gone:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                self._say("removed", str(error))

    def _drop(self, name: str) -> None:
        with self._lock:
            self._kept.remove(name)
            self._remove([(name, None)])

    def _say(self, what: str, reason: str) -> None:
        if what not in self._troubles:
            self._troubles.add(what)
            logger.warning("a kept prefix state cannot be %s, and is computed again: %s", what, reason)


def _write(path: Path, packed: Packed, identity: str, key: str) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in packed.tensors.items()}
    about = {
        "schema": SCHEMA, "identity": identity, "key": key, "next_position": str(packed.next_position),
        "dtype": packed.dtype, "checksums": json.dumps({name: _checksum(one) for name, one in tensors.items()}),
    }  # fmt: skip
    path.touch()  # with the rights that files have here; safetensors would make one for its owner alone
    try:
        save_file(tensors, path, about)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def _read(path: Path, identity: str, key: str) -> Packed:
    """The state in a file; ValueError where it is not the one wanted, or damaged."""
    from safetensors import SafetensorError, safe_open

    path.stat()  # FileNotFoundError
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    except RuntimeError as error:  # what opening says where another process has removed the file meanwhile
        raise FileNotFoundError(str(error)) from error
    if (about.get("schema"), about.get("identity"), about.get("key")) != (SCHEMA, identity, key):
        raise ValueError("not the state of this model and document")
    if json.loads(about["checksums"]) != {name: _checksum(one) for name, one in tensors.items()}:
        raise ValueError("damaged: it does not match its checksum")
    return Packed(tensors, int(about["next_position"]), about["dtype"])


def _checksum(tensor: torch.Tensor) -> int:
    import torch

    return zlib.crc32(tensor.view(-1).view(torch.uint8).numpy().data)


def _files(folder: Path) -> Iterator[tuple[float, str, int]]:
    """Time of last use, name inside the folder and size of every state; drafts of killed processes are removed."""
    for inner in folder.iterdir():
        if not inner.is_dir():
            continue
        for path in inner.iterdir():
            name = f"{inner.name}/{path.name}"
            try:
                found = path.stat()
                if _OURS.fullmatch(name):
                    yield found.st_mtime, name, found.st_size
                elif _DRAFT.fullmatch(path.name) and time.time() - found.st_mtime > _DRAFT_SECONDS:
                    path.unlink()
            except OSError:  # another process was faster
                continue


def _free_half(folder: Path) -> int:
    ours = sum(size for _, _, size in _files(folder))
    return ours + shutil.disk_usage(folder).free // 2
