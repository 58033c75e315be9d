"""One open_clip model per process and settings, however many components use it."""

from __future__ import annotations

from yofo_rerank.retrieval.encoder import ClipEncoder
from yofo_rerank.shared import Shared

Settings = tuple[str, str | None, str | None, str]  # model, pretrained, device, dtype

_shared: Shared[Settings, ClipEncoder] = Shared()


def shared_encoder(
    model: str = "mini", pretrained: str | None = None, device: str | None = None, dtype: str = "float32"
) -> ClipEncoder:
    """The encoder of these settings, loaded at its first use and for as long as a component holds it."""
    settings = (model, pretrained, device, dtype)
    return _shared.get(settings, lambda: ClipEncoder(model, pretrained, device=device, dtype=dtype))


class SharedEncoder:
    """Holds the encoder that a component uses, so that it stays loaded; a copy holds the same, a pickle none."""

    def __init__(self) -> None:
        self._held: tuple[Settings, ClipEncoder] | None = None

    def get(self, model: str, pretrained: str | None, device: str | None, dtype: str) -> ClipEncoder:
        """As `shared_encoder`."""
        settings = (model, pretrained, device, dtype)
        held = self._held
        if held is None or held[0] != settings:
            held = self._held = (settings, shared_encoder(*settings))
        return held[1]

    def __deepcopy__(self, memo: object) -> SharedEncoder:
        copy = SharedEncoder()
        copy._held = self._held
        return copy

    def __getstate__(self) -> dict[str, None]:
        return {"_held": None}
