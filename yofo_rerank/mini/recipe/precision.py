"""Half precision where the processor has it: bfloat16 that is emulated takes ten times as long as float32."""

from __future__ import annotations

from functools import cache

import torch

_NATIVE = ("avx512_bf16", "amx_bf16", "avx10_1", "avx10_2", "bf16", "sve_bf16")  # names of torch.cpu.get_capabilities


@cache
def half_is_native() -> bool:
    """Whether this processor multiplies bfloat16 itself; torch before 2.10 cannot say, and float32 is always right."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in _NATIVE)


def autocast() -> torch.autocast:
    """Training arithmetic of the recipe: bfloat16 where it is native, else float32."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=half_is_native())
