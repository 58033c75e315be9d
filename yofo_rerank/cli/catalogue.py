"""What `yofo search` searches: a stored index, a folder of images, or the embedded catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yofo_rerank.cli import options
from yofo_rerank.errors import DocumentError

if TYPE_CHECKING:
    from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

CATALOGUE_SIZE = 400  # garments; drawn and embedded in some seconds, and kept
CATALOGUE_SEED = 7


def open_retriever(
    images: Path | None, index: Path | None, *, encoder: str, pretrained: str | None, device: str | None
) -> ClipFaissRetriever:
    """The first stage over what the user pointed at."""
    from yofo_rerank.mini.indexed import sample_retriever
    from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

    if index:
        return ClipFaissRetriever.load(index, device=device)  # the index names its encoder
    clip = ClipEncoder(encoder, pretrained, device=device)
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
    options.say(f"embedded {report.added} images, skipped {len(report.skipped)}")
    if not report.added:
        raise DocumentError(f"no readable JPEG, PNG or WebP image in {str(folder)!r}", code="missing")
    return retriever
