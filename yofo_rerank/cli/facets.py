"""`yofo facets`: judge a whole catalogue once, so that searches can ask for what is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import checks, messages, on_ray, options

if TYPE_CHECKING:
    from yofo_rerank.retrieval.facets import FacetReport


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
    ray: on_ray.Ray = None,
    actors: on_ray.Actors = 1,
    gpus: on_ray.Gpus = 0.0,
    out: on_ray.Out = None,
    faiss: on_ray.Faiss = False,
    qdrant: on_ray.Qdrant = None,
    collection: on_ray.Collection = "catalogue",
) -> None:
    """Judge requirements of every document of an index, and keep the answers in INDEX/facets.parquet.

    A run that is stopped, or killed, goes on where it was when it is started again; what is known is not judged again.

    With --ray, many processes judge; they open images at the paths that the index has, which all of them must see.
    With --judge, a server of decision models does; with both, the processes ask it, and must reach its address.

    With --ray and --out, answers are written as Parquet partitions; --faiss and --qdrant embed the images as the index.

    Exits with 1 where documents failed for what may pass or be mended, as a server that is away: run it again.

    Example: yofo facets photos.index -r "pink" -r "has a hood"
    """
    texts = _requirements(requirement or [], from_file)
    outputs = on_ray.outputs(ray, out, faiss=faiss, qdrant=qdrant, collection=collection)
    judge = options.open_judge(model, judge_url, dialect, adapter=adapter, device=device, verdicts=verdicts)
    if model is None and judge_url is None:
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    from yofo_rerank.retrieval.facet_files import FILE
    from yofo_rerank.retrieval.facets import Facets
    from yofo_rerank.retrieval.storage import open_index, read_documents

    opened = open_index(index)
    documents, path = list(read_documents(opened).values()), index / FILE
    if ray is None:
        _say(Facets(path).judge(documents, judge, texts, progress=True), path)
    elif out is None:
        from yofo_rerank.scale.facets import judge_facets

        pool = on_ray.pool(actors, gpus)
        _say(judge_facets(Facets(path), documents, judge, texts, pool=pool, address=ray, progress=True), path)
    else:
        pool, encoder = on_ray.pool(actors, gpus), on_ray.encoder_of(opened.manifest) if outputs else None
        on_ray.judge_into(out, documents, judge, texts, encoder=encoder, outputs=outputs, pool=pool, address=ray)
    messages.say(f"judged by {options.named(model, adapter, judge_url)}")


def _say(report: FacetReport, path: Path) -> None:
    """Say what was done.

    Raises:
        Exit: 1, where documents failed for what is no fault of theirs, such as a server that is away.
    """
    for one in report.failed:
        messages.say(f"not judged: {one.message if one.id in one.message else f'{one.id}: {one.message}'}")
    messages.say(
        f"{report.judged} answers judged, {report.known} known before, {len(report.failed)} documents failed: {path}"
    )
    if not report.failed:
        return
    from yofo_rerank.in_vain import may_pass

    left = sum(may_pass(one.code) for one in report.failed)
    if left:
        messages.complain(f"{left} documents failed for reasons that may pass or be mended; run it again")
        raise typer.Exit(1)


def _requirements(given: list[str], file: Path | None) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    texts = [*given, *(line for line in lines if line.strip() and not line.startswith("#"))]
    if not texts:
        raise typer.BadParameter('wanted requirements: -r "..." or --from FILE')
    return texts
