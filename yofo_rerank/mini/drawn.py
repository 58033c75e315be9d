"""Does a picture look like the drawn garments that mini knows? Edges are hard, walls are smooth, nothing is noisy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yofo_rerank.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from yofo_rerank.documents import Document

FOREIGN_PICTURES = (
    "these pictures do not look like the drawn garments that the embedded model 'mini' was made for: its answers about "
    "them are guesses; name a real model, such as --model Qwen/Qwen3-VL-2B-Instruct (in Python: "
    "YofoJudge.from_pretrained('Qwen/Qwen3-VL-2B-Instruct'))"
)

_SIDE = 192  # pixels; what mini's pictures have
_LARGEST = 512  # pixels a side; cameras and shops make larger ones
_MARGIN = 12  # of them belong to the wall
_SMOOTH, _HARD, _WHITE = 2.0, 24.0, 250.0  # grey levels
_LEAST_SMOOTH, _LEAST_SMOOTH_WALL, _LEAST_HARD, _MOST_WHITE = 0.40, 0.68, 0.03, 0.06  # shares of pixels


def has_foreign_picture(documents: Sequence[Document]) -> bool:
    """Whether the first or the last picture of the documents is none of mini's world; more is not looked at."""
    pictured = [document for document in documents if document.image is not None]
    for document in pictured[:1] + pictured[1:][-1:]:
        try:
            image = document.load_image()
        except ImageError:  # said where it is judged
            continue
        if image is not None and not looks_drawn(image):
            return True
    return False


def looks_drawn(image: Image.Image) -> bool:
    """Whether a picture may be one of mini's world: never wrong about those, and about most photographs.

    A small product photo on a plain grey ground passes.

    >>> from PIL import Image
    >>> looks_drawn(Image.linear_gradient("L"))
    False
    """
    import numpy as np
    from PIL import Image

    if max(image.size) > _LARGEST:
        return False
    small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float32).mean(axis=2)
    across = np.abs(grey[1:-1, 2:] - 2 * grey[1:-1, 1:-1] + grey[1:-1, :-2])  # how far a pixel lies off its neighbours
    down = np.abs(grey[2:, 1:-1] - 2 * grey[1:-1, 1:-1] + grey[:-2, 1:-1])
    rough = np.maximum(across, down)
    wall = np.ones_like(rough, dtype=bool)
    wall[_MARGIN:, _MARGIN:-_MARGIN] = False
    smooth = rough <= _SMOOTH
    return bool(
        smooth.mean() >= _LEAST_SMOOTH
        and smooth[wall].mean() >= _LEAST_SMOOTH_WALL
        and (rough > _HARD).mean() >= _LEAST_HARD
        and (grey >= _WHITE).mean() <= _MOST_WHITE
    )
