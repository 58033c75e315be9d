"""Load one model from disk as a user would, and measure judging with it: a program of its own, so that its memory is.

python -m evals.bench.one_model qwen3-vl-2b FOLDER
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.bench.arithmetic import Tokens
from evals.bench.clock import middle, peak_memory, seconds
from evals.bench.shapes import Shape, get_shape
from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.statements import sample_statements

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REQUIREMENTS = 10
REQUIREMENT_TOKENS = 12
MIB = 2**20


def measure(
    shape: Shape,
    folder: Path,
    *,
    pixels: int,
    documents: int,
    repeats: int,
    device: str | None,
    batch_tokens: int,
) -> dict[str, Any]:
    """Load, then judge documents cold, behind kept prefix states, and with a pass for each requirement."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "adapter")
    requirements = make_requirements(tokenizer, 2 * REQUIREMENTS)
    first, other = requirements[:REQUIREMENTS], requirements[REQUIREMENTS:]
    tokens = count_tokens(tokenizer, first, shape.image_tokens(pixels))
    state_bytes = shape.state_bytes(tokens.prefix_text + tokens.image)
    judge = YofoJudge.from_pretrained(
        str(folder / "base"),
        adapter=str(folder / "adapter"),
        device=device,
        max_batch_tokens=batch_tokens,
        cache_bytes=(documents + 1) * max(state_bytes, MIB),  # the documents of one round
    )
    loading = seconds(judge.judge, [Document(text="warm up")], first)
    loaded = peak_memory()
    judge.judge(noise_documents(documents, pixels, seed=0), first)  # kernels and allocator warm up
    cold, cached, each, passes = _rounds(judge, first, other, documents=documents, pixels=pixels, repeats=repeats)
    medians = {name: middle(times)["median"] for name, times in (("cold", cold), ("cached", cached), ("each", each))}
    return {
        "tokens": asdict(tokens),
        "forward_passes_cold": passes,
        "state_mib": state_bytes / MIB,
        "loading_seconds": loading,
        "peak_memory_loaded_gib": _gib(loaded),
        "peak_memory_gib": _gib(peak_memory()),
        "gpu_peak_memory_gib": _gpu_peak(),
        "documents": documents,
        "one_pass_seconds": middle(cold),
        "cached_seconds": middle(cached),
        "pass_per_requirement_seconds": middle(each),
        "one_pass_ratio": medians["each"] / medians["cold"],
        "cached_ratio": medians["cold"] / medians["cached"],
        "pairs_per_second_cold": documents / medians["cold"],
        "pairs_per_second_cached": documents / medians["cached"],
    }


def _rounds(
    judge: YofoJudge, first: list[str], other: list[str], *, documents: int, pixels: int, repeats: int
) -> tuple[list[float], list[float], list[float], int]:
    """Seconds cold, behind kept states, with a pass for each requirement; and the forward passes of a cold round."""
    cold, cached, each, passes = [], [], [], 0
    for repeat in range(1, repeats + 1):
        new = noise_documents(documents, pixels, seed=repeat)
        before = judge.stats
        cold.append(seconds(judge.judge, new, first))
        between = judge.stats
        cached.append(seconds(judge.judge, new, other))
        if judge.stats.cache_hits - between.cache_hits != documents:
            raise RuntimeError(f"wanted {documents} kept prefix states, but found {judge.stats}")
        each.append(pass_per_requirement(judge, first, documents, pixels, repeat))
        passes = between.forward_passes - before.forward_passes
    return cold, cached, each, passes


def pass_per_requirement(
    judge: YofoJudge, requirements: Sequence[str], documents: int, pixels: int, repeat: int
) -> float:
    """A pass for each requirement, each over pictures never seen: so no prefix state can be reused."""
    took = 0.0
    for place, text in enumerate(requirements):
        new = noise_documents(documents, pixels, seed=1000 * repeat + place)
        took += seconds(judge.judge, new, [text])
    return took


def noise_documents(n: int, pixels: int, *, seed: int) -> list[Document]:
    """Different square pictures; what they show does not change the time."""
    from PIL import Image

    rng = random.Random(f"noise {seed}")
    small = [Image.frombytes("RGB", (16, 16), rng.randbytes(3 * 16 * 16)) for _ in range(n)]
    return [Document(image=one.resize((pixels, pixels)), id=f"{seed}-{place}") for place, one in enumerate(small)]


def make_requirements(tokenizer: PreTrainedTokenizerBase, n: int) -> list[str]:
    """Requirements of about 12 tokens each: statements joined and cut."""
    rng = random.Random("requirements")
    requirements: list[str] = []
    while len(requirements) < n:
        words = " and ".join(one.text for one in sample_statements(sample_garment(rng), rng, 4)).split()
        length = next(
            size for size in range(1, len(words) + 1) if _count(tokenizer, words[:size]) >= REQUIREMENT_TOKENS
        )
        requirements.append(" ".join(words[:length]))
    return requirements


def count_tokens(tokenizer: PreTrainedTokenizerBase, requirements: Sequence[str], image_tokens: int) -> Tokens:
    """The lengths that the arithmetic wants."""
    from yofo_rerank.prompts import get_format, prefix_ids, template_ids

    layout = get_format("yofo-v1")
    prefix = prefix_ids(layout, tokenizer, n_image_tokens=image_tokens, text=None)
    template = template_ids(layout, tokenizer, requirements)
    return Tokens(
        prefix_text=len(prefix) - image_tokens,
        image=image_tokens,
        per_requirement=len(template.ids) / len(requirements),
        requirements=len(requirements),
    )


def _count(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> int:
    return len(tokenizer.encode(" ".join(words), add_special_tokens=False))


def _gib(n_bytes: int | None) -> float | None:
    return None if n_bytes is None else n_bytes / 2**30


def _gpu_peak() -> float | None:
    import torch

    return torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None


def main(
    shape: Annotated[str, typer.Argument(help="qwen3-vl-2b or qwen2-vl-2b")],
    folder: Annotated[Path, typer.Argument(help="with base/ and adapter/ of evals.bench.random_weights")],
    layers: Annotated[int, typer.Option(min=0, help="as in random_weights")] = 0,
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of an image")] = 448,
    documents: Annotated[int, typer.Option(min=1, help="judged in one call")] = 1,
    repeats: Annotated[int, typer.Option(min=1, help="of every measurement")] = 2,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; by default cuda where there is one")] = None,
    batch_tokens: Annotated[int, typer.Option(min=1, help="tokens in one forward pass")] = 8192,
) -> None:
    """Measure one model; the last line printed is a JSON report."""
    wanted = get_shape(shape)
    report = measure(
        wanted.reduced(layers) if layers else wanted,
        folder,
        pixels=pixels,
        documents=documents,
        repeats=repeats,
        device=device,
        batch_tokens=batch_tokens,
    )
    typer.echo(json.dumps(report))


if __name__ == "__main__":
    typer.run(main)
