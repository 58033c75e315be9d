"""What the components for LlamaIndex and Haystack cost beside the core that they call.

    python -m evals.bench.adapters

The same candidates, with their prefix states kept, through the core and through each component in turn: the difference
is the component's own work. It is set against judging the candidates for the first time, and against judging kept ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.clock import middle, seconds
from evals.bench.mini import REQUIREMENTS, fresh_documents
from evals.record import RESULTS, print_table, write_record
from yofo_rerank import Document, YofoJudge, YofoReranker

ASKED = list(REQUIREMENTS[:5])
QUERY = "any"  # the requirements are given


def save_pictures(folder: Path, n: int) -> list[Path]:
    """The candidates as files, as a shop has them."""
    paths = []
    for number, document in enumerate(fresh_documents(n, 50)):
        path = folder / f"{number}.png"
        document.image.save(path)
        paths.append(path)
    return paths


def make_calls(paths: list[Path], model: str) -> dict[str, Callable[[], Any]]:
    """One call for the core and one for each component, of the same work on one loaded model."""
    from haystack import Document as HaystackDocument
    from haystack_integrations.components.rankers.yofo import YofoRanker
    from llama_index.core.schema import ImageNode, NodeWithScore
    from llama_index.postprocessor.yofo import YofoRerank

    reranker = YofoReranker(YofoJudge.from_pretrained(model))
    documents = [Document(image=path, id=path.name) for path in paths]
    postprocessor = YofoRerank(model=model, top_n=len(paths), requirements=ASKED)
    nodes = [NodeWithScore(node=ImageNode(id_=path.name, image_path=str(path)), score=0.5) for path in paths]
    ranker = YofoRanker(model=model, top_k=None)
    theirs = [HaystackDocument(id=path.name, meta={"file_path": str(path)}, score=0.5) for path in paths]
    return {
        "core": lambda: reranker.rerank(QUERY, documents, requirements=ASKED),
        "LlamaIndex": lambda: postprocessor.postprocess_nodes(nodes, query_str=QUERY),
        "Haystack": lambda: ranker.run(query=QUERY, documents=theirs, requirements=ASKED),
    }


def measure(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, Any]:
    """Medians over interleaved repeats, and each component's surplus over the core as a share of judging."""
    cold = seconds(calls["core"])  # loads the model too
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            times[name].append(seconds(call))
    found = {name: middle(values) for name, values in times.items()}
    core = found["core"]["median"]
    surplus = {name: one["median"] - core for name, one in found.items() if name != "core"}
    return {
        "first_seconds_with_loading": cold,
        "cached_seconds": found,
        "surplus_seconds": surplus,
        "share_of_cached_judging": {name: extra / core for name, extra in surplus.items()},
    }


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder or a hub id")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="candidates")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="of every call, interleaved")] = 9,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "bench_adapters.json",
) -> None:
    """Measure the overhead of the components."""
    os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(make_calls(save_pictures(Path(folder), documents), model), repeats)
    print_table(
        f"{documents} candidates x {len(ASKED)} requirements, prefix states kept",
        ("", "seconds (median)", "over the core", "target"),
        [
            (name, one["median"], figures["share_of_cached_judging"].get(name, 0.0), "< 0.05")
            for name, one in figures["cached_seconds"].items()
        ],
    )
    settings = {"model": model, "documents": documents, "repeats": repeats}
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
