"""Images per second of an index: 12-megapixel JPEGs, an encoder of the size of ViT-B-32 with random weights.

    python -m evals.bench.indexing

Compares `ClipFaissRetriever.add` with what it did before: decode every image whole, one after another, then encode the
batch. Both run in turn in one process, on the same files.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from evals.bench.clock import middle, seconds
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

SIZE = (4000, 3000)


def save_clip(folder: Path, name: str) -> Path:
    """A folder with one of open_clip's architectures and random weights."""
    import json

    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = open_clip.create_model(name)
    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    tensors = {key: tensor.contiguous() for key, tensor in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    return folder


def save_photos(folder: Path, n: int) -> list[Document]:
    """JPEGs of 12 megapixels with edges, gradients and grain, 3 to 5 MB each as cameras make them."""
    rng = np.random.default_rng(0)
    documents = []
    for number in range(n):
        blocks = Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = rng.normal(0, 6, (SIZE[1], SIZE[0], 1))
        picture = Image.fromarray(np.clip(np.asarray(blocks) + grain, 0, 255).astype(np.uint8))
        path = folder / f"{number}.jpg"
        picture.save(path, quality=90)
        documents.append(Document(image=path, id=path.name))
    return documents


def before(encoder: ClipEncoder, documents: list[Document], batch_size: int) -> None:
    """Decode whole, one after another, then encode."""
    retriever = ClipFaissRetriever(encoder)
    for start in range(0, len(documents), batch_size):
        batch = documents[start : start + batch_size]
        retriever.add_embeddings(batch, encoder.encode_images([document.load_image() for document in batch]))


def now(encoder: ClipEncoder, documents: list[Document], batch_size: int) -> None:
    """As a user does."""
    ClipFaissRetriever(encoder, batch_size=batch_size).add(documents, progress=False)


def measure(folder: Path, name: str, images: int, batch_size: int, repeats: int) -> dict[str, Any]:
    """Images per second of both ways in turn, and how far their vectors differ."""
    (folder / "clip").mkdir()
    encoder = ClipEncoder(save_clip(folder / "clip", name), batch_size=batch_size)
    documents = save_photos(folder, images)
    whole = encoder.encode_images([document.load_image() for document in documents[:4]])
    small = encoder.encode_images([document.load_image(max_pixels=encoder.enough_pixels) for document in documents[:4]])
    runs: dict[str, list[float]] = {"before": [], "now": []}
    for _ in range(repeats):
        runs["before"].append(seconds(before, encoder, documents, batch_size))
        runs["now"].append(seconds(now, encoder, documents, batch_size))
    return {
        "images_per_second": {key: images / min(values) for key, values in runs.items()},
        "seconds": {key: middle(values) for key, values in runs.items()},
        "ratio": min(runs["before"]) / min(runs["now"]),
        "cosine": float((whole * small).sum(axis=1).min()),
        "megabytes": sum(Path(str(document.image)).stat().st_size for document in documents) / 1e6 / images,
    }


def main(
    model: Annotated[str, typer.Option(help="open_clip's name of an architecture")] = "ViT-B-32",
    images: Annotated[int, typer.Option(min=1, help="JPEGs of 12 megapixels")] = 32,
    batch_size: Annotated[int, typer.Option(min=1, help="images encoded at a time")] = 8,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each way, in turn")] = 3,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_indexing.json",
) -> None:
    """Measure indexing; the target is three times the speed of before."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), model, images, batch_size, repeats)
    rows = [(name, value) for name, value in figures["images_per_second"].items()]
    print_table("Indexing JPEGs of 12 megapixels", ("", "images/s"), rows, caption=f"ratio {figures['ratio']:.2f}")
    settings = {"model": model, "images": images, "batch_size": batch_size, "repeats": repeats}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
