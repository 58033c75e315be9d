"""The pictures that every contestant trains on, and what the frozen mini tower sees in them: made once for all."""

from __future__ import annotations

import json
import resource
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evals.record import mini_weights
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.recipe.language import cache_features
from yofo_rerank.mini.recipe.pictures import render_pictures
from yofo_rerank.mini.weights import weights_folder

SEED = 1  # the pictures of mini's own recipe, or the first of them


@dataclass(frozen=True)
class Pictures:
    """Garments of trained combinations, and what is seen of each  # features: (n, 2, 36, 256), 1: the deepstack map."""

    garments: list[Garment]
    features: np.ndarray
    seconds: float  # of processor, for rendering and looking

    def seen(self, places: list[int] | np.ndarray) -> torch.Tensor:
        """Features of some pictures as float32."""
        return torch.from_numpy(np.asarray(self.features[places], dtype=np.float32))


@cache
def load_base() -> Any:
    """The embedded base, its own vision tower and language model, in float32; treat it as read-only."""
    from transformers import Qwen3VLForConditionalGeneration

    return Qwen3VLForConditionalGeneration.from_pretrained(str(weights_folder("base")), dtype=torch.float32).eval()


def make_pictures(folder: Path, n: int, *, workers: int = 1) -> Pictures:
    """Draw n pictures and look at them, or take up what an earlier call left, if it saw with the same weights."""
    folder.mkdir(parents=True, exist_ok=True)
    before = _processor_seconds()
    garments, pictures = render_pictures(folder, n, SEED, workers=workers)
    path, spent = folder / "features.npy", folder / "seconds.json"
    told = json.loads(spent.read_text()) if spent.exists() else {}
    if told.get("mini") != mini_weights():
        path.unlink(missing_ok=True)
    fresh = not path.exists()
    features = cache_features(load_base().model.visual, pictures, path)
    if fresh:
        told = {"seconds": _processor_seconds() - before, "mini": mini_weights()}
        spent.write_text(json.dumps(told))
    return Pictures(garments, features, told["seconds"])


def _processor_seconds() -> float:
    """Of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
