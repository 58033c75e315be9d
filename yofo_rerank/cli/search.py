"""`yofo search`: retrieve with CLIP, judge, and show the better order with its reasons."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yofo_rerank.cli import checks, messages, options

if TYPE_CHECKING:
    from yofo_rerank.requirements import Ranking, Requirement


def search(
    query: Annotated[str, typer.Argument(help="What you look for, in your own words.")],
    images: Annotated[
        Path | None, typer.Option(help="A folder of images; embedded on the spot.", exists=True, file_okay=False)
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="An index made by `yofo index`.", exists=True, file_okay=False)
    ] = None,
    requirement: Annotated[
        list[str] | None, typer.Option("--requirement", "-r", help="A must; given ones replace decomposition.")
    ] = None,
    prefer: Annotated[
        list[str] | None,
        typer.Option("--prefer", "-p", help="A wish (should), beside --requirement, else beside the query's own."),
    ] = None,
    rule: Annotated[str, typer.Option(help="Scoring rule: a name or a JSON object; `yofo rules` lists them.")] = (
        "weighted"
    ),
    top_k: Annotated[int, typer.Option(min=1, help="How many places to show.")] = 10,
    candidates: Annotated[int, typer.Option(min=1, help="How many products CLIP brings for judging.")] = 100,
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
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With --html or --json: also show where each answer comes from.")
    ] = False,
) -> None:
    """Find images by a sentence; without --images or --index in the embedded catalogue of drawn garments.

    Example: yofo search "a long dress, not pink, preferably belted" --images photos --html report.html
    """
    if images and index:
        raise typer.BadParameter("give --images or --index, not both")
    checks.check_query(query)
    wanted, scoring = _requirements(query, requirement or [], prefer or []), options.parse_rule(rule)
    from yofo_rerank.ranking import shown_with_evidence
    from yofo_rerank.reranker import YofoReranker

    local = {"adapter": adapter, "device": device, "attention": attention, "states": states, "verdicts": verdicts}
    judge: Any = (
        options.load_judge(model, **local)  # type: ignore[arg-type]
        if judge_url is None
        else options.remote_judge(judge_url, dialect, model, **local)
    )
    reranker = YofoReranker(judge, scoring=scoring)
    if model is None and judge_url is None and (images or index):
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    from yofo_rerank.cli.catalogue import open_retriever

    retriever = open_retriever(images, index, encoder=encoder, pretrained=pretrained, device=device)
    started = time.perf_counter()
    with options.step("Searching"):
        hits = retriever.search(query, top_k=candidates)
    with options.judging() as progress:
        ranking = reranker.rerank(query, hits, requirements=wanted, progress=progress)
    if evidence:
        with options.step("Looking where the answers come from"):
            ranking = shown_with_evidence(ranking, judge, top_k)
    names = {"judge": options.named(model, adapter, judge_url), "encoder": options.named(retriever.encoder.model, None)}
    _show(ranking, names, top_k=top_k, as_json=as_json)
    if html:
        from yofo_rerank.report import write_page

        details = names | {"rule": rule, "time": f"{time.perf_counter() - started:.1f} s"}
        messages.say(f"page: {write_page([ranking], html, top_k=top_k, details=details)}")


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
