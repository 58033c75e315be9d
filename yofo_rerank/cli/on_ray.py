"""`yofo facets --ray`: its options, and answers that are written as partitions instead of into the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from yofo_rerank.cli import messages

if TYPE_CHECKING:
    from yofo_rerank.documents import Document
    from yofo_rerank.judging import Judge
    from yofo_rerank.retrieval import ClipEncoder
    from yofo_rerank.retrieval.manifest import Manifest
    from yofo_rerank.scale import Output, Pool

Ray = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Judge on this Ray cluster: 'auto', an address, or 'local' for one here."),
]
Actors = Annotated[int, typer.Option(min=1, help="With --ray: judges at one time.")]
Gpus = Annotated[float, typer.Option(min=0, help="With --ray: GPUs of each of them.")]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="With --ray: write the answers there as Parquet partitions, not into the index; also an address.",
    ),
]
Faiss = Annotated[bool, typer.Option("--faiss", help="With --out: write vectors as FAISS shards, too.")]
Qdrant = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="With --out: write vectors and answers to Qdrant, too: its address, or a folder."
    ),
]
Collection = Annotated[str, typer.Option(metavar="NAME", help="With --qdrant: the collection.")]


def outputs(ray: str | None, out: str | None, *, faiss: bool, qdrant: str | None, collection: str) -> list[Output]:
    """Where the vectors go as well.

    Raises:
        BadParameter: an option without the one that it needs.
    """
    if out is not None and ray is None:
        raise typer.BadParameter("--out needs --ray ADDRESS; without it the answers are kept in the index")
    if (faiss or qdrant) and out is None:
        raise typer.BadParameter(f"{'--faiss' if faiss else '--qdrant'} needs --out FOLDER, where the answers go")
    if not faiss and not qdrant:
        return []
    from yofo_rerank.scale import FaissShards, QdrantCollection

    found: list[Output] = [FaissShards()] if faiss else []
    return [*found, QdrantCollection(collection, qdrant)] if qdrant else found


def pool(actors: int, gpus: float) -> Pool:
    """Where judges run."""
    from yofo_rerank.scale import Pool

    return Pool(max_size=actors, num_gpus=gpus)


def encoder_of(manifest: Manifest) -> ClipEncoder:
    """The one that made an index; loaded where judges run."""
    from yofo_rerank.retrieval import ClipEncoder

    return ClipEncoder(manifest.model, manifest.pretrained)


def judge_into(
    out: str,
    documents: Sequence[Document],
    judge: Judge,
    texts: Sequence[str],
    *,
    encoder: ClipEncoder | None,
    outputs: Sequence[Output],
    pool: Pool,
    address: str,
) -> None:
    """Judge into a folder of partitions, as `judge_catalogue` does, and say what was done.

    Raises:
        Exit: 1, where partitions could not be finished. The errors of `judge_catalogue`.
    """
    from yofo_rerank.scale import judge_catalogue
    from yofo_rerank.scale.partitions import listed

    report = judge_catalogue(
        listed(documents), judge, texts, out,
        pool=pool, encoder=encoder, outputs=outputs, address=address, progress=True,
    )  # fmt: skip
    messages.say(
        f"{report.written} partitions written and {report.found} found written, "
        f"{report.judged} documents judged and {report.failed} failed: {out}"
    )
    if report.unfinished:
        messages.complain(f"{report.unfinished} partitions could not be finished; run it again")
        raise typer.Exit(1)
