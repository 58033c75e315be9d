"""Whether a device can be there, told without importing torch: a typing error should not cost ten seconds."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from yofo_rerank.errors import ConfigError

_DEVICE = re.compile(r"(cpu|cuda|mps|xpu|npu|hpu)(:\d+)?")
_GPU_DRIVERS = ("/dev/nvidiactl", "/dev/nvhost-ctrl", "/dev/dxg", "/dev/kfd")  # NVIDIA, Jetson, WSL, AMD (ROCm)


def check_device(name: str | None) -> None:
    """Refuse a device that is none, or that this machine surely lacks; the rest is torch's to judge.

    >>> check_device("cpu")

    Args:
        name: as torch calls it (`cpu`, `cuda`, `cuda:1`, `mps`); None or "auto" = the best at hand.

    Raises:
        ConfigError: says what was got and what is known.
    """
    if name is None or name == "auto":
        return
    match = _DEVICE.fullmatch(name)
    if match is None:
        raise ConfigError(f"device: wanted cpu, cuda, cuda:1 or mps, but got {name[:80]!r}")
    kind = match[1]
    if kind == "mps" and sys.platform != "darwin":
        raise ConfigError("device: got 'mps', which only macOS has")
    if kind == "cuda" and not _may_have_gpu():
        raise ConfigError(f"device: got {name!r}, but this machine has no driver of a GPU; wanted cpu")


def _may_have_gpu() -> bool:
    """False only where no driver can be there: macOS, and a Linux without its devices."""
    if sys.platform == "darwin":
        return False
    return not sys.platform.startswith("linux") or any(Path(driver).exists() for driver in _GPU_DRIVERS)
