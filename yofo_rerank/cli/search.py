"""`yofo search`: retrieve with CLIP, judge, and show the better order with its reasons."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import checks, messages, options

if TYPE_CHECKING:
    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.requirements import Ranking, Requirement

Musts = Annotated[
    list[str] | None, typer.Option("--requirement", "-r", help="A must; given ones replace decomposition.")
]
Wishes = Annotated[
    list[str] | None,
    typer.Option("--prefer", "-p", help="A wish (should), beside --requirement, else beside the query's own."),
]
Shown = Annotated[
    bool, typer.Option("--evidence", help="With --html or --json: also show where each answer comes from.")
]


def search(
    query: Annotated[str, typer.Argument(help="What you look for, in your own words.")],
    images: options.Images = None,
    index: options.Index = None,
    requirement: Musts = None,
    prefer: Wishes = None,
    rule: options.Rule = "weighted",
    top_k: Annotated[int, typer.Option(min=1, help="How many places to show.")] = 10,
    candidates: options.Candidates = 100,
    model: options.Model = None,
    adapter: options.Adapter = None,
    encoder: options.Encoder = None,
    pretrained: options.Pretrained = None,
    device: options.Device = None,
    attention: options.Attention = None,
    states: options.States = None,
    verdicts: options.Verdicts = None,
    judge_url: options.JudgeUrl = None,
    dialect: options.Dialect = "transformers",
    as_json: options.AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Also write one self-contained HTML page.", dir_okay=False)] = None,
    evidence: Shown = False,
) -> None:
    """Find images by a sentence; without --images or --index in the embedded catalogue of drawn garments.

    Example: yofo search "a long dress, not pink, preferably belted" --images photos --html report.html
    """
    checks.check_one_catalogue(images, index)
    checks.check_query(query)
    wanted, scoring = _requirements(query, requirement or [], prefer or []), options.parse_rule(rule)
    local = {"adapter": adapter, "device": device, "attention": attention, "states": states, "verdicts": verdicts}
    judge = options.open_judge(model, judge_url, dialect, **local)
    if model is None and judge_url is None and (images or index):
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    from yofo_rerank.cli.catalogue import open_retriever
    from yofo_rerank.reranker import YofoReranker

    retriever = open_retriever(images, index, encoder=encoder, pretrained=pretrained, device=device)
    started = time.perf_counter()
    with options.step("Searching"):
        hits = retriever.search(query, top_k=candidates)
    with options.judging() as progress:
        ranking = YofoReranker(judge, scoring=scoring).rerank(query, hits, requirements=wanted, progress=progress)
    if evidence:
        ranking = _with_evidence(ranking, judge, top_k)
    names = {"judge": options.named(model, adapter, judge_url), "encoder": options.named(retriever.encoder.model, None)}
    _show(ranking, names, top_k=top_k, as_json=as_json)
    if html:
        _write(ranking, html, names | {"rule": rule, "time": f"{time.perf_counter() - started:.1f} s"}, top_k=top_k)


def _requirements(query: str, musts: list[str], wishes: list[str]) -> list[Requirement] | None:
    """What is to be judged; None = what the query says, as the reranker reads it."""
    if not musts and not wishes:
        return None
    from yofo_rerank.decompose import decompose
    from yofo_rerank.requirements import Requirement

    preferred = [Requirement(text=text, necessity="should") for text in wishes]
    if musts:
        return [*(Requirement(text=text) for text in musts), *preferred]
    decomposed = decompose(query)
    for warning in decomposed.warnings:
        messages.warn(warning)
    return [*decomposed.requirements, *preferred]


def _with_evidence(ranking: Ranking, judge: YofoJudge, top_k: int) -> Ranking:
    from yofo_rerank.ranking import shown_with_evidence

    with options.step("Looking where the answers come from"):
        return shown_with_evidence(ranking, judge, top_k)


def _write(ranking: Ranking, html: Path, details: dict[str, str], *, top_k: int) -> None:
    from yofo_rerank.report import write_page

    messages.say(f"page: {write_page([ranking], html, top_k=top_k, details=details)}")


def _show(ranking: Ranking, names: dict[str, str], *, top_k: int, as_json: bool) -> None:
    for warning in ranking.warnings:
        messages.warn(warning)
    if as_json:
        result = ranking.to_dict()
        typer.echo(json.dumps(result | {"ranked": result["ranked"][:top_k]} | names))
    else:
        from rich.console import Console

        from yofo_rerank.report import ranking_table
        from yofo_rerank.requirements import Ranking

        said = Ranking(ranking, query=ranking.query.model_copy(update={"warnings": ()}))  # its warnings are on stderr
        Console().print(ranking_table(said, top_k=top_k))
        typer.echo(f"found by {names['encoder']}, judged by {names['judge']}")
