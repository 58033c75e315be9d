"""`yofo facets`: judge a whole catalogue once, so that searches can ask for what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yofo_rerank.cli import checks, messages, options


def facets(
    index: Annotated[Path, typer.Argument(help="An index made by `yofo index`.", exists=True, file_okay=False)],
    requirement: Annotated[
        list[str] | None, typer.Option("--requirement", "-r", help="What to judge of every document.")
    ] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="A text file, one requirement a line.", exists=True, dir_okay=False)
    ] = None,
    model: options.Model = None,
    adapter: options.Adapter = None,
    device: options.Device = None,
    verdicts: options.Verdicts = None,
    judge_url: options.JudgeUrl = None,
    dialect: options.Dialect = "transformers",
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Judge on this Ray cluster: 'auto', an address, or 'local' for one here."),
    ] = None,
    actors: Annotated[int, typer.Option(min=1, help="With --ray: judges at one time.")] = 1,
    gpus: Annotated[float, typer.Option(min=0, help="With --ray: GPUs of each of them.")] = 0.0,
) -> None:
    """Judge requirements of every document of an index, and keep the answers in INDEX/facets.parquet.

    A run that is stopped, or killed, goes on where it was when it is started again; what is known is not judged again.

    With --ray, many processes judge; they open images at the paths that the index has, which all of them must see.
    With --judge, a server of decision models does; with both, the processes ask it, and must reach its address.

    Example: yofo facets photos.index -r "pink" -r "has a hood"
    """
    texts = _requirements(requirement or [], from_file)
    judge = options.open_judge(model, judge_url, dialect, adapter=adapter, device=device, verdicts=verdicts)
    if model is None and judge_url is None:
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    from yofo_rerank.retrieval.facet_files import FILE
    from yofo_rerank.retrieval.facets import Facets
    from yofo_rerank.retrieval.storage import open_index, read_documents

    documents = list(read_documents(open_index(index)).values())
    path = index / FILE
    if ray is None:
        report = Facets(path).judge(documents, judge, texts, progress=True)
    else:
        from yofo_rerank.scale import Pool
        from yofo_rerank.scale.facets import judge_facets

        pool = Pool(max_size=actors, num_gpus=gpus)
        report = judge_facets(Facets(path), documents, judge, texts, pool=pool, address=ray, progress=True)
    for one in report.failed:
        messages.say(f"not judged: {one.message}")
    messages.say(f"judged by {options.named(model, adapter, judge_url)}")
    messages.say(
        f"{report.judged} answers judged, {report.known} known before, {len(report.failed)} documents failed: {path}"
    )


def _requirements(given: list[str], file: Path | None) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    texts = [*given, *(line for line in lines if line.strip() and not line.startswith("#"))]
    if not texts:
        raise typer.BadParameter('wanted requirements: -r "..." or --from FILE')
    return texts
