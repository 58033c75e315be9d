"""A model that somebody else holds too: were its weights changed, or its adapters switched, since the last call?"""

from __future__ import annotations

import hashlib

from torch import nn

_ADAPTER_STATE = ("active_adapters", "disable_adapters", "merged_adapters", "scaling")  # of peft's layers


class LiveWeights:
    """Names the state of a model; equal names mean equal answers. Cheap, for it reads no weights.

    Not seen: a change in place behind autograd's back (`parameter.data.add_(...)`).
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._changes = 0
        self._last = self._places()

    def version(self) -> bytes:
        """Of now. A switch back to an adapter of before gives the version of before."""
        if (places := self._places()) != self._last:
            self._last = places
            self._changes += 1  # counted, because memory that was given back may be used again
        adapters = [
            [repr(getattr(module, name, None)) for name in _ADAPTER_STATE]
            for module in self._model.modules()
            if hasattr(module, "active_adapters")
        ]
        return hashlib.sha256(repr((self._changes, adapters)).encode()).digest()

    def _places(self) -> list[tuple[int, int]]:
        """Where every weight lies, and how often it was written."""
        return [
            (weight.data_ptr(), 0 if weight.is_inference() else weight._version) for weight in self._model.parameters()
        ]
