"""A prefix state, and the form in which it is kept: as computed, or with keys and values in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PLAIN, KEYS, KEY_SCALES, VALUES, VALUE_SCALES = "keys_values", "keys", "key_scales", "values", "value_scales"
RECURRENT = "recurrent_"  # and the place


@dataclass(frozen=True, eq=False)
class PrefixState:
    """The model's keys and values for one prefix; never changed once made."""

    keys_values: torch.Tensor  # (layers with keys and values, 2, heads, tokens, head width)
    next_position: int  # of the first token after the prefix, on all three axes
    recurrent: tuple[torch.Tensor, ...] = ()  # of each linear layer: its convolution's, then its recurrence's

    @property
    def n_tokens(self) -> int:
        """Length of the prefix."""
        return int(self.keys_values.shape[3])

    @property
    def nbytes(self) -> int:
        """Memory that the tensors take."""
        return self.keys_values.nbytes + sum(one.nbytes for one in self.recurrent)


@dataclass(frozen=True, eq=False)
class Packed:
    """A state as it is kept: tensors by name."""

    tensors: dict[str, torch.Tensor]
    next_position: int
    dtype: str  # of the state, such as "bfloat16"

    @property
    def nbytes(self) -> int:
        """Memory that the tensors take."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


def pack(state: PrefixState, *, int8: bool = False) -> Packed:
    """The state as it is kept.

    In 8 bits, a key channel has one scale for all tokens and a value token one for all channels: keys have channels
    that stand out, values have tokens that do.
    """
    dtype = str(state.keys_values.dtype).removeprefix("torch.")
    recurrent = {f"{RECURRENT}{place}": one for place, one in enumerate(state.recurrent)}  # small, so never rounded
    if not int8:
        return Packed({PLAIN: state.keys_values} | recurrent, state.next_position, dtype)
    keys, key_scales = _round(state.keys_values[:, 0], over=2)
    values, value_scales = _round(state.keys_values[:, 1], over=3)
    tensors = {KEYS: keys, KEY_SCALES: key_scales, VALUES: values, VALUE_SCALES: value_scales}
    return Packed(tensors | recurrent, state.next_position, dtype)


def unpack(packed: Packed) -> PrefixState:
    """The state; a plain one is not copied."""
    import torch

    tensors = packed.tensors
    n_recurrent = sum(name.startswith(RECURRENT) for name in tensors)
    recurrent = tuple(tensors[f"{RECURRENT}{place}"] for place in range(n_recurrent))
    if PLAIN in tensors:
        return PrefixState(tensors[PLAIN], packed.next_position, recurrent)
    parts = [tensors[KEYS] * tensors[KEY_SCALES], tensors[VALUES] * tensors[VALUE_SCALES]]
    keys_values = torch.stack(parts, dim=1).to(getattr(torch, packed.dtype))
    return PrefixState(keys_values, packed.next_position, recurrent)


def _round(part: torch.Tensor, *, over: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers of -127..127, and what each is to be multiplied with."""
    import torch

    scales = part.abs().amax(dim=over, keepdim=True).float().clamp(min=1e-12) / 127
    return (part.float() / scales).round().to(torch.int8), scales
