"""What `yofo search` searches: a stored index, a folder of images, or the embedded catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from yofo_rerank.cli import messages, options
from yofo_rerank.errors import DocumentError

if TYPE_CHECKING:
    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

DEFAULT_ENCODER = "mini"
CATALOGUE_SIZE = 400  # garments; drawn and embedded in some seconds, and kept
CATALOGUE_SEED = 7


def open_retriever(
    images: Path | None, index: Path | None, *, encoder: str | None, pretrained: str | None, device: str | None
) -> ClipFaissRetriever:
    """The first stage over what the user pointed at."""
    from yofo_rerank.mini.indexed import sample_retriever
    from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

    if index:
        clip = ClipEncoder(encoder, pretrained, device=device) if encoder else None  # the index names its own
        return ClipFaissRetriever.load(index, clip, device=device)
    clip = ClipEncoder(encoder or DEFAULT_ENCODER, pretrained, device=device)
    if images:
        return index_folder(images, clip)
    with options.step("Drawing and embedding the catalogue"):
        return sample_retriever(CATALOGUE_SIZE, CATALOGUE_SEED, encoder=clip)


def index_folder(folder: Path, encoder: ClipEncoder) -> ClipFaissRetriever:
    """Embed the images of a folder, with progress on stderr; the unreadable ones are named and skipped."""
    from yofo_rerank.documents import load_folder
    from yofo_rerank.retrieval import ClipFaissRetriever

    retriever = ClipFaissRetriever(encoder)
    report = retriever.add(load_folder(folder.resolve()))  # an index outlives the working directory
    messages.say(f"embedded {report.added} images, skipped {len(report.skipped)}")
    if not report.added:
        raise DocumentError(f"no readable JPEG, PNG or WebP image in {str(folder)!r}", code="missing")
    return retriever


def keep_states(judge: YofoJudge, folder: Path) -> int:
    """Let the judge look at every image of a folder, for the states that it keeps; how many it could read."""
    from yofo_rerank.documents import load_folder

    with options.judging() as progress:  # a state does not depend on what is asked, so anything will do
        outcomes = judge.judge_outcomes(list(load_folder(folder.resolve())), ["a top"], progress=progress)
    return sum(outcome.failure is None for outcome in outcomes)


def check_out(out: Path, images: Path) -> None:
    """Refuse a folder for an index where the user's files are: it must be new, empty, or an index.

    Raises:
        BadParameter: it is, contains or lies in the folder of images, or holds something else.
    """
    there, source = out.resolve(), images.resolve()
    if there == source or there in source.parents or source in there.parents:
        raise typer.BadParameter(f"{str(out)!r} and the images in {str(images)!r} overlap; wanted a folder apart")
    from yofo_rerank.retrieval.storage import foreign_files

    foreign = foreign_files(out)
    if foreign:
        shown = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise typer.BadParameter(
            f"{str(out)!r} is no index, but holds {shown}; wanted a new or empty folder, or an index"
        )
