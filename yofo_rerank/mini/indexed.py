"""A catalogue of the mini world, already indexed: drawn and embedded once, then kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import logging
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from yofo_rerank.errors import YofoError

if TYPE_CHECKING:
    from yofo_rerank.retrieval import ClipFaissRetriever, Encoder

logger = logging.getLogger(__name__)


def sample_retriever(
    n: int,
    seed: int = 0,
    *,
    media: str = "image",
    encoder: Encoder | None = None,
    cache: Path | None = None,
) -> ClipFaissRetriever:
    """The first stage over `sample_catalog(n, seed, media=media)`.

    What is cached is used only if nothing has changed that it was made from: the code that draws, the encoder's
    weights, the arguments. A cache that cannot be read is made again, one that cannot be written is done without.

    Args:
        n: products.
        seed: of the catalogue.
        media: "image", "text" or "both".
        encoder: None = the embedded one.
        cache: a folder; None = `yofo-rerank` in `$XDG_CACHE_HOME`, or in `~/.cache`.
    """
    from yofo_rerank.mini.catalog import sample_catalog
    from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

    encoder = encoder or ClipEncoder("mini")
    folder = (cache or _user_cache()) / f"mini-{_digest(n, seed, media, encoder.model, encoder.pretrained)}"
    cached = _load(folder, encoder) if folder.is_dir() else None
    if cached is not None:
        return cached
    _ = encoder.dim  # loads it: a wrong name is told at once, not when everything is drawn
    retriever = ClipFaissRetriever(encoder)
    retriever.add([document for document, _ in sample_catalog(n, seed=seed, media=media)])
    try:
        retriever.save(folder)
    except OSError as error:
        logger.warning("the index of the embedded catalogue cannot be kept in %s: %s", folder, error)
    return retriever


def _load(folder: Path, encoder: Encoder) -> ClipFaissRetriever | None:
    from yofo_rerank.retrieval import ClipFaissRetriever

    try:
        retriever = ClipFaissRetriever.load(folder, encoder)  # checks the weights' fingerprint and the files' digests
    except (YofoError, OSError) as error:
        logger.info("making the cached index anew: %s", error)
        return None
    pictures = [document.image for document in retriever.documents if isinstance(document.image, str | Path)]
    return retriever if all(Path(picture).is_file() for picture in pictures) else None  # caches get swept


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yofo-rerank"


def _digest(*arguments: object) -> str:
    """Of the arguments and of the code that draws and describes garments."""
    digest = hashlib.sha256(repr((arguments, version("resvg-py"), version("pillow"))).encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
