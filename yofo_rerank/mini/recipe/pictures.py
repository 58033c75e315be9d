"""The training pictures, rendered once into a memory-mapped array; rendering resumes where it stopped."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.progress import track

from yofo_rerank.mini.architecture import IMAGE_SIZE, PATCH
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.mini.render import render

CHUNK = 250


def render_pictures(folder: Path, n: int, seed: int, *, workers: int = 2) -> tuple[list[Garment], np.ndarray]:
    """Garments of trained combinations and their pictures as uint8  # (n, 192, 192, 3)."""
    folder.mkdir(parents=True, exist_ok=True)
    garments = sample_garments(n, seed, held_out=False)
    path, done = folder / "pictures.npy", folder / "pictures.done"
    shape = (n, IMAGE_SIZE, IMAGE_SIZE, 3)
    mode = "r+" if path.exists() else "w+"
    pictures = np.lib.format.open_memmap(path, mode=mode, dtype=np.uint8, shape=None if mode == "r+" else shape)
    if pictures.shape != shape:
        raise ValueError(f"{path} holds {pictures.shape}, but {shape} was asked for; delete it or change n")
    start = int(done.read_text()) if done.exists() else 0
    chunks = [(garments[at : at + CHUNK], seed, at) for at in range(start, n, CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        results = pool.map(_render_chunk, chunks)
        for (part, _, at), array in zip(chunks, track(results, "rendering", total=len(chunks)), strict=True):
            pictures[at : at + len(part)] = array
            pictures.flush()
            done.write_text(str(at + len(part)))
    return garments, pictures


def _render_chunk(task: tuple[list[Garment], int, int]) -> np.ndarray:
    garments, seed, at = task
    return np.stack(
        [
            np.asarray(render(garment, seed=seed * 1_000_003 + at + offset, size=IMAGE_SIZE))
            for offset, garment in enumerate(garments)
        ]
    )


def patchify(pictures: np.ndarray) -> np.ndarray:
    """What the Qwen image processor makes of same-sized pictures, without its per-image overhead.

    (n, side, side, 3) uint8 -> (n * patches, 3 * 2 * 16 * 16) float32, patches in merge order.
    """
    n, side = pictures.shape[0], pictures.shape[1] // (2 * PATCH)
    scaled = pictures.astype(np.float32) / 127.5 - 1.0
    blocks = scaled.reshape(n, side, 2, PATCH, side, 2, PATCH, 3)
    blocks = blocks.transpose(0, 1, 4, 2, 5, 7, 3, 6)  # (n, row, column, 2, 2, 3, 16, 16)
    still = np.repeat(blocks[:, :, :, :, :, :, None], 2, axis=6)  # a still image is two equal frames
    return np.ascontiguousarray(still.reshape(n * side * side * 4, -1))
