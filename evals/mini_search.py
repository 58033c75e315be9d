"""The whole pipeline on the mini world: what CLIP brings, what reranking makes of it, and who is to blame.

    python -m evals.mini_search

A catalogue with fresh seeds, queries in sentences drawn from garments whose combinations no training met, CLIP + FAISS
for 100 candidates, then the reranker. What is relevant is known from how each query was made (`evals.queries`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.chart import bars
from evals.opening import open_judge, open_retriever
from evals.queries import generate_queries
from evals.ranking import MEASURES, PERFECT
from evals.record import RESULTS, print_table, write_record
from evals.search_figures import Searched, Task, figures_of
from yofo_rerank import Document, YofoReranker
from yofo_rerank.decompose import get_decomposer
from yofo_rerank.mini.attributes import is_held_out
from yofo_rerank.mini.catalog import sample_catalog, sample_garments
from yofo_rerank.retrieval import ClipFaissRetriever, RetrievedDocument

CACHE_BYTES = 2**31  # prefix states of the whole catalogue


def make_task(n_documents: int, n_queries: int, seed: int) -> tuple[Task, list[Document]]:
    """The catalogue and its queries; the targets are garments of held-out combinations."""
    catalogue = [document for document, _ in sample_catalog(n_documents, seed)]
    garments = sample_garments(n_documents, seed)
    targets = [place for place, garment in enumerate(garments) if is_held_out(garment)]
    queries = generate_queries(garments, n_queries, seed, targets=targets)
    by_id = {document.id: garment for document, garment in zip(catalogue, garments, strict=True)}
    graded = {query.id: {id_: query.grade(garment) for id_, garment in by_id.items()} for query in queries}
    grades = {query: {id_: grade for id_, grade in found.items() if grade} for query, found in graded.items()}
    return Task(by_id, queries, grades), catalogue


def search(task: Task, retriever: ClipFaissRetriever, reranker: YofoReranker, *, n_candidates: int) -> list[Searched]:
    """Search for every query and rerank twice: with the decomposer's requirements, and with the query's own."""
    texts = [query.text for query in task.queries] + [query.positive_text for query in task.queries]
    hits = retriever.search_many(texts, n_candidates)
    searched = []
    for place, query in enumerate(task.queries):
        candidates = hits[place]
        searched.append(
            Searched(
                query,
                _ids(candidates),
                _ids(hits[len(task.queries) + place]),
                reranker.rerank(query.text, candidates),
                reranker.rerank(query.text, candidates, requirements=query.requirements),
            )
        )
    return searched


def print_figures(figures: dict[str, Any]) -> None:
    """The tables."""
    first = figures["first_stage"]
    print_table(
        f"First stage: recall@{first['depth']} of exact items",
        ("of", "recall"),
        [
            ("the whole query", _interval(first["recall_whole"])),
            ("its positive part", _interval(first["recall_positive"])),
            ("its positive part, searched by that alone", _interval(first["recall_positive_by_positive_text"])),
        ],
    )
    for title, key in (("Orders of the same candidates", "orders"), ("Reranked, by scoring rule", "rules")):
        rows = [(name, *(_interval(found[one]) for one in MEASURES)) for name, found in figures[key].items()]
        print_table(title, ("", *MEASURES), rows)
    blame, decomposer = figures["blame"], figures["decomposer"]
    print_table(
        "Who is to blame",
        ("", "nDCG@10 lost", "imperfect first places"),
        [(name, lost, blame["imperfect_first_places"][name]) for name, lost in blame["ndcg_lost_by"].items()],
        caption=f"decomposer exact {decomposer['exact']:.3f}, equivalent {decomposer['equivalent']:.3f}; "
        f"judge right {figures['judge']['all']['mean']:.3f}",
    )


def draw(figures: dict[str, Any], path: Path) -> Path:
    """Before and after as bars."""
    shown = ("precision@1", "perfect@1", "nDCG@10", "MRR")
    named = {"CLIP's order": "first stage", "after YOFO": "reranked", "best possible order": "ideal"}
    groups = {label: {one: figures["orders"][name][one] for one in shown} for label, name in named.items()}
    title = f"{figures['queries']['n']} held-out queries, {figures['first_stage']['depth']} candidates each"
    return bars(groups, path, title=title)


def _ids(hits: Sequence[RetrievedDocument]) -> tuple[str, ...]:
    return tuple(hit.document.id for hit in hits)


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder, a hub id, or untrained")] = "mini",
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of the judge")] = None,
    encoder: Annotated[str, typer.Option(help="first stage: mini, or a folder with an open_clip model")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="items of the catalogue")] = 2000,
    queries: Annotated[int, typer.Option(min=1, help="queries")] = 200,
    candidates: Annotated[int, typer.Option(min=1, help="candidates of the first stage")] = 100,
    rule: Annotated[str, typer.Option(help="scoring rule")] = "weighted",
    seed: Annotated[int, typer.Option(help="of catalogue and queries; training used others")] = 9007,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "mini_search.json",
    picture: Annotated[Path | None, typer.Option(help="PNG file to write")] = RESULTS / "mini_search.png",
) -> None:
    """Measure search on the mini world before and after reranking."""
    task, catalogue = make_task(documents, queries, seed)
    retriever = open_retriever(encoder)
    retriever.add(catalogue)
    judge = open_judge(model, adapter, cache_bytes=CACHE_BYTES)
    searched = search(task, retriever, YofoReranker(judge, scoring=rule), n_candidates=candidates)
    figures = figures_of(task, searched, get_decomposer("rules"))
    print_figures(figures)
    if picture:
        typer.echo(f"wrote {draw(figures, picture)}")
    settings = {
        "model": model, "adapter": adapter, "encoder": encoder, "documents": documents, "queries": queries,
        "candidates": candidates, "rule": rule, "seed": seed, "perfect_grade": PERFECT,
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
