"""What facets do for the first stage: recall of the exact items of queries with a negation, without and with them.

    python -m evals.facets

The catalogue and queries of `evals.mini_search`. Every claim that a query denies (and, in the last rows, asks for) is
judged once for the whole catalogue, in one plain wording; a search then leaves out the garments that surely fail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bootstrap import estimate
from evals.mini_search import make_task
from evals.opening import open_judge, open_retriever
from evals.queries import GeneratedQuery, OracleRequirement
from evals.ranking import recall
from evals.record import RESULTS, print_table, write_record
from evals.search_figures import Task
from yofo_rerank.mini.phrases import WORDS
from yofo_rerank.mini.statements import Claim, holds
from yofo_rerank.retrieval import ClipFaissRetriever, Facets
from yofo_rerank.retrieval.facets import SURELY_NOT

CACHE_BYTES = 2**31  # prefix states of the whole catalogue
Where = dict[str, float]


def facet(claim: Claim, *, negated: bool = False) -> str:
    """The one wording in which a claim, or its denial, is judged: "short-sleeved", "not pink"."""
    shape, words = min(WORDS[claim].items())
    word = next(word for word in words if not word.startswith("no "))
    return OracleRequirement((claim,), shape, (word,), negated).requirement.text


def denied(query: GeneratedQuery) -> list[Claim]:
    """What a query does not want."""
    return [claim for one in query.oracle if one.negated and one.necessity == "must" for claim in one.claims]


def wanted(query: GeneratedQuery) -> list[Claim]:
    """What a query asks for without an alternative."""
    musts = [one for one in query.oracle if not one.negated and one.necessity == "must"]
    return [one.claims[0] for one in musts if len(one.claims) == 1]


def conditions(facets: Facets, query: GeneratedQuery, *, also_wanted: bool) -> Where:
    """What a search is kept to: all but the garments that surely fail."""
    asked = [facet(claim, negated=True) for claim in denied(query)]
    return facets.among(asked + ([facet(claim) for claim in wanted(query)] if also_wanted else []))


def measure(task: Task, retriever: ClipFaissRetriever, depth: int) -> dict[str, Any]:
    """Recall of the exact items for each way to search."""
    queries = [query for query in task.queries if denied(query)]
    ways: dict[str, tuple[Callable[[GeneratedQuery], str], Callable[[GeneratedQuery], Where | None], bool]] = {
        "the sentence": (lambda query: query.text, lambda _: None, False),
        "the sentence, kept to what it does not deny": (
            lambda query: query.text, lambda query: conditions(retriever.facets, query, also_wanted=False), False,
        ),
        "its positive part": (lambda query: query.positive_text, lambda _: None, False),
        "its positive part, kept to what it does not deny": (
            lambda query: query.positive_text,
            lambda query: conditions(retriever.facets, query, also_wanted=False), False,
        ),
        "the sentence, kept to all that it says": (
            lambda query: query.text, lambda query: conditions(retriever.facets, query, also_wanted=True), False,
        ),
        "the sentence, all that it says first": (
            lambda query: query.text, lambda query: conditions(retriever.facets, query, also_wanted=True), True,
        ),
    }  # fmt: skip
    figures = {}
    for name, (text, where, fill) in ways.items():
        found = [
            recall(
                [hit.document.id for hit in retriever.search(text(query), depth, where=where(query), fill=fill)], exact
            )
            for query, exact in ((query, list(task.grades[query.id])) for query in queries)
        ]
        figures[name] = asdict(estimate([[value] for value in found]))
    return {"queries": len(queries), "depth": depth, "recall": figures}


def asked_of(queries: Iterable[GeneratedQuery]) -> dict[str, tuple[Claim, bool]]:
    """Every facet that the queries with a negation need: its claim, and whether it is denied."""
    asked: dict[str, tuple[Claim, bool]] = {}
    for query in queries:
        if denied(query):
            asked |= {facet(claim): (claim, False) for claim in wanted(query)}
            asked |= {facet(claim, negated=True): (claim, True) for claim in denied(query)}
    return dict(sorted(asked.items()))


def right(task: Task, facets: Facets, asked: dict[str, tuple[Claim, bool]]) -> float:
    """How many of the answers are true."""
    hits = [
        (id_ in yes) == (holds(garment, claim) != negated)
        for text, (claim, negated) in asked.items()
        for yes in [facets.satisfying(text, task.garments)]
        for id_, garment in task.garments.items()
    ]
    return sum(hits) / len(hits)


def main(
    model: Annotated[str, typer.Option(help="judge: mini, a folder, or a hub id")] = "mini",
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter of the judge")] = None,
    encoder: Annotated[str, typer.Option(help="first stage: mini, or a folder with an open_clip model")] = "mini",
    documents: Annotated[int, typer.Option(min=1, help="items of the catalogue")] = 2000,
    queries: Annotated[int, typer.Option(min=1, help="queries")] = 200,
    depth: Annotated[int, typer.Option(min=1, help="candidates of the first stage")] = 100,
    seed: Annotated[int, typer.Option(help="of catalogue and queries; training used others")] = 9007,
    output: Annotated[Path, typer.Option(help="JSON file to write")] = RESULTS / "facets.json",
) -> None:
    """Measure recall without and with facets on the mini world."""
    task, catalogue = make_task(documents, queries, seed)
    retriever = open_retriever(encoder)
    retriever.add(catalogue)
    judge = open_judge(model, adapter, cache_bytes=CACHE_BYTES)
    asked = asked_of(task.queries)
    started = time.perf_counter()
    report = retriever.facets.judge(catalogue, judge, list(asked), progress=True)
    seconds = time.perf_counter() - started
    figures = measure(task, retriever, depth) | {
        "facets": len(asked),
        "answers": report.judged,
        "answers_right": right(task, retriever.facets, asked),
        "answers_per_second": report.judged / seconds,
    }
    print_table(
        f"Recall@{depth} of the exact items, {figures['queries']} queries with a negation",
        ("searched by", "recall", "low", "high"),
        [(name, one["mean"], one["low"], one["high"]) for name, one in figures["recall"].items()],
        caption=f"{figures['answers']:,} answers about {documents} items, {figures['answers_right']:.4f} of them right",
    )
    settings = {
        "model": model, "adapter": adapter, "encoder": encoder, "documents": documents, "queries": queries,
        "depth": depth, "least_p_yes": SURELY_NOT, "seed": seed, "repeats": 1,
    }  # fmt: skip
    typer.echo(f"wrote {write_record(output, settings=settings, figures=figures)}")


if __name__ == "__main__":
    typer.run(main)
