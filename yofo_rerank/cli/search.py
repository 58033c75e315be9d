"""`yofo search`: retrieve with CLIP, judge, and show the better order with its reasons."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import options

if TYPE_CHECKING:
    from yofo_rerank.requirements import Ranking


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
        list[str] | None, typer.Option("--prefer", "-p", help="A wish (should), beside --requirement.")
    ] = None,
    rule: Annotated[
        str, typer.Option(help="Scoring rule: a name or a JSON object; `yofo info` lists them.")
    ] = "weighted",
    top_k: Annotated[int, typer.Option(min=1, help="How many places to show.")] = 10,
    candidates: Annotated[int, typer.Option(min=1, help="How many products CLIP brings for judging.")] = 100,
    model: options.Model = "mini",
    adapter: options.Adapter = None,
    encoder: options.Encoder = None,
    pretrained: options.Pretrained = None,
    device: options.Device = None,
    as_json: options.AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Also write one self-contained HTML page.", dir_okay=False)] = None,
) -> None:
    """Find images by a sentence; without --images or --index in the embedded catalogue of drawn garments.

    Example: yofo search "a long dress, not pink, preferably belted" --images photos --html report.html
    """
    if images and index:
        raise typer.BadParameter("give --images or --index, not both")
    from yofo_rerank import Requirement, YofoReranker
    from yofo_rerank.cli.catalogue import open_retriever

    musts = [Requirement(text=text) for text in requirement or ()]
    wishes = [Requirement(text=text, necessity="should") for text in prefer or ()]
    reranker = YofoReranker(options.load_judge(model, adapter, device), scoring=options.parse_rule(rule))
    retriever = open_retriever(images, index, encoder=encoder, pretrained=pretrained, device=device)
    started = time.perf_counter()
    with options.step("Searching and judging"):
        hits = retriever.search(query, top_k=candidates)
        ranking = reranker.rerank(query, hits, requirements=[*musts, *wishes] or None)
    details = {"judge": model, "rule": rule, "time": f"{time.perf_counter() - started:.1f} s"}
    _show(ranking, top_k=top_k, as_json=as_json)
    if html:
        from yofo_rerank.report import write_page

        options.say(f"page: {write_page([ranking], html, top_k=top_k, details=details)}")


def _show(ranking: Ranking, *, top_k: int, as_json: bool) -> None:
    if as_json:
        result = ranking.to_dict()
        typer.echo(json.dumps(result | {"ranked": result["ranked"][:top_k]}))
    else:
        from rich.console import Console

        from yofo_rerank.report import ranking_table

        Console().print(ranking_table(ranking, top_k=top_k))
