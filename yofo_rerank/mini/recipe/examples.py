"""Training examples of the mini world in the form that `yofo train` reads: JSONL with pictures beside it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.captions import caption
from yofo_rerank.mini.statements import sample_statements


def write_examples(
    path: Path,
    garments: Sequence[Garment],
    pictures: np.ndarray,
    *,
    seed: int,
    statements: int = 10,
    text_share: float = 0.2,
    held_out: bool = False,
) -> None:
    """Write one example a garment; a share of them is a product text in place of a picture."""
    images = path.parent / f"{path.stem}-images"
    images.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"{path.stem} {seed}")
    lines = []
    for number, (garment, picture) in enumerate(zip(garments, track(pictures, f"writing {path.name}"), strict=True)):
        drawn = sample_statements(garment, rng, statements, held_out=held_out)
        properties = [
            {"text": one.text, "answer": "yes" if one.answer else "no", "reason": one.reason} for one in drawn
        ]
        if rng.random() < text_share:
            document = {"text": caption(garment, rng)}
        else:
            file = images / f"{number:05d}.png"
            Image.fromarray(picture).save(file, compress_level=1)
            document = {"image": f"{images.name}/{file.name}"}
        lines.append(json.dumps({**document, "properties": properties}))
    path.write_text("\n".join(lines) + "\n")
