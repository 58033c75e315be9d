"""What a catalogue of ten million products takes on eight GPUs: arithmetic from figures measured per item.

python -m evals.bench.ten_million

Measured: operations of a document (`bench_full_size.json`), overhead of a document on Ray (`ray_scaling.json`), and, by
this program, bytes on disk, decoding, and what the one process that writes does for a document. Assumed, and options:
what a GPU does, how much of that a judge gets out of it, and what it costs. No GPU was measured.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from evals.bench.shapes import SHAPES
from evals.record import RESULTS, command, print_table, write_record
from yofo_rerank import Document
from yofo_rerank.scale.catalogue import _vectors, answers_of
from yofo_rerank.scale.writing import put_table

SHAPE = "qwen3-vl-2b"
PARTITION = 1000
DIMENSION = 512


def main(
    documents: Annotated[int, typer.Option(help="products")] = 10_000_000,
    gpus: Annotated[int, typer.Option()] = 8,
    peak: Annotated[float, typer.Option(help="assumed: TFLOP/s of a GPU in bfloat16 (H100 SXM, dense: 989)")] = 989.0,
    share: Annotated[float, typer.Option(help="assumed: how much of it a judge gets")] = 0.3,
    price: Annotated[float, typer.Option(help="assumed: dollars for a GPU and an hour")] = 3.0,
    requirements: Annotated[int, typer.Option(help="as many as the measured template had")] = 10,
    out: Annotated[Path, typer.Option()] = RESULTS / "ten_million.json",
) -> None:
    """Measure, reckon, print and record."""
    settings = {"documents": documents, "gpus": gpus, "peak_tflops": peak, "share": share, "price": price}
    settings |= {"requirements": requirements, "shape": SHAPE}
    items = measured(requirements)
    figures = {"items": items, "whole": whole(items, documents, gpus, peak * share, price)}
    write_record(out, settings=settings, figures=figures)
    rows = described(settings, figures)
    out.with_suffix(".md").write_text(markdown(rows), encoding="utf-8")
    print_table(f"{documents:,} products", ("", "value", "from"), rows)


def measured(requirements: int) -> dict[str, float]:
    """Figures of one document."""
    full = json.loads((RESULTS / "bench_full_size.json").read_text(encoding="utf-8"))["figures"][SHAPE]
    scaling = json.loads((RESULTS / "ray_scaling.json").read_text(encoding="utf-8"))["figures"]["sleeping"]
    tokens = full["measured"]["tokens"]
    paper = full["arithmetic"]
    sizes = on_disk(requirements)
    return sizes | {
        "tflop": paper["vision_tflop"] + paper["prefix_tflop"] + paper["template_tflop"],
        "state_bytes": SHAPES[SHAPE].state_bytes(tokens["prefix_text"] + tokens["image"]),
        "ray_overhead_ms": scaling["8"]["overhead_ms"],
        "decode_ms": 1000 * decoding_seconds(),
    }


def on_disk(requirements: int) -> dict[str, float]:
    """Bytes of answers and vectors, and the writing process' milliseconds, of a document."""
    rng = np.random.default_rng(1)
    texts = [f"requirement number {place}" for place in range(requirements)]
    rows: list[dict[str, Any]] = []
    for place in range(PARTITION):
        p_yes = rng.beta(0.3, 0.3, requirements)
        vector = rng.standard_normal(DIMENSION).astype(np.float32)
        row = {"document": f"tops/{place:08}.jpg", "judge": '{"model": "a judge"}', "stamp": f"{place:016x}"}
        rows.append(row | {"code": None, "p_yes": p_yes.tolist(), "verdict": (p_yes > 0.5).tolist(), "vector": vector})
    with tempfile.TemporaryDirectory() as folder:
        answers, vectors = Path(folder) / "answers.parquet", Path(folder) / "vectors.parquet"
        start = time.process_time()
        put_table(str(answers), answers_of(rows, texts))
        seconds = time.process_time() - start
        put_table(str(vectors), _vectors(rows))
        return {
            "answer_bytes": answers.stat().st_size / PARTITION,
            "vector_bytes": vectors.stat().st_size / PARTITION,
            "writer_ms": 1000 * seconds / PARTITION,
        }


def decoding_seconds(side: int = 1024, repeats: int = 20) -> float:
    """Processor time of decoding a JPEG of about a megapixel."""
    rng = np.random.default_rng(2)
    small = Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8))
    data = io.BytesIO()
    small.resize((side, side), Image.Resampling.BICUBIC).save(data, format="JPEG", quality=90)
    start = time.process_time()
    for _ in range(repeats):
        Document(image=data.getvalue(), id="a").load_image()
    return (time.process_time() - start) / repeats


def whole(items: dict[str, float], documents: int, gpus: int, tflops: float, price: float) -> dict[str, float]:
    """The catalogue."""
    seconds = items["tflop"] / tflops + items["ray_overhead_ms"] / 1000
    per_second = gpus / seconds
    hours = documents / per_second / 3600
    return {
        "gpu_ms": 1000 * seconds,
        "documents_per_second": per_second,
        "hours": hours,
        "dollars": hours * gpus * price,
        "answers_gb": documents * items["answer_bytes"] / 1e9,
        "vectors_gb": documents * items["vector_bytes"] / 1e9,
        "states_tb": documents * items["state_bytes"] / 1e12,
        "decoding_cores": per_second * items["decode_ms"] / 1000,
        "writer_limit_gpus": seconds * 1000 / items["writer_ms"],
    }


def described(settings: dict[str, Any], figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows for people: what, how much, and where it comes from."""
    items, found = figures["items"], figures["whole"]
    here = "measured by this program"
    per_state = f"{items['state_bytes'] / 2**20:.1f} MiB a document in bfloat16"
    per_picture = f"{items['decode_ms']:.1f} ms a megapixel JPEG, {here}"
    assumed = f"assumed: {settings['share']:.0%} of {settings['peak_tflops']:.0f} TFLOP/s"
    return [
        ("operations of a document", f"{items['tflop']:.2f} TFLOP", f"{settings['shape']}, bench_full_size.json"),
        ("overhead of a document on Ray", f"{items['ray_overhead_ms']:.1f} ms", "8 actors, ray_scaling.json"),
        ("a document on a GPU", f"{found['gpu_ms']:.1f} ms", assumed),
        (f"{settings['gpus']} GPUs", f"{found['documents_per_second']:,.0f} documents/s", ""),
        (f"{settings['documents']:,} products", f"{found['hours']:.1f} hours", ""),
        ("cost", f"{found['dollars']:,.0f} dollars", f"assumed: {settings['price']:.2f} dollars for a GPU and an hour"),
        (
            f"answers, {settings['requirements']} requirements",
            f"{found['answers_gb']:.1f} GB",
            f"{items['answer_bytes']:.0f} bytes a document, {here}",
        ),
        (
            f"vectors, {DIMENSION} numbers",
            f"{found['vectors_gb']:.1f} GB",
            f"{items['vector_bytes']:.0f} bytes a document, {here}",
        ),
        ("prefix states", f"{found['states_tb']:.0f} TB", per_state),
        ("cores that decode", f"{found['decoding_cores']:.1f}", per_picture),
        (
            "GPUs that one writing process keeps up with",
            f"{found['writer_limit_gpus']:.0f}",
            f"{items['writer_ms']:.3f} ms a document, {here}",
        ),
    ]


def markdown(rows: list[tuple[str, str, str]]) -> str:
    """The table as a document includes it."""
    lines = [f"| `{command()}` | | from |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(main)
