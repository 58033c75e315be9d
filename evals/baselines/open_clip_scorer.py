"""CLIP through open_clip: the cosine between the query and the picture.

Traps: OpenAI's weights need QuickGELU, which open_clip's table of checkpoints knows (a checkpoint by its hub address
alone may not say so); a text of more than 77 tokens is cut, which is logged; preprocessing is the checkpoint's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.baselines.checks import require_image
from evals.baselines.loading import batches
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.retrieval import ClipEncoder


@dataclass(frozen=True)
class OpenClipScorer:
    """Cosines of an encoder's vectors."""

    name: str
    encoder: ClipEncoder

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One cosine for each picture."""
        for document in documents:
            require_image(self.name, document)
        text = self.encoder.encode_texts([query])[0]  # (dim,)
        scores: list[float] = []
        for batch in batches(documents):
            pictures = [picture for document in batch if (picture := document.load_image()) is not None]
            vectors = self.encoder.encode_images(pictures)  # (batch, dim)
            scores += np.asarray(vectors @ text, np.float64).tolist()
        return scores


def open_scorer(record: Baseline, source: str | None, *, device: str | None = None) -> OpenClipScorer:
    """From a checkpoint of open_clip's table, named by its hub id, or from a folder that open_clip reads."""
    if source is None:
        raise ModelError(f"{record.name} needs a checkpoint: a hub id of open_clip's table, or a folder")
    model, pretrained = (source, None) if source != record.hub_id else table_entry(source)
    encoder = ClipEncoder(model, pretrained, device=device)
    _ = encoder.dim  # loads
    return OpenClipScorer(record.name, encoder)


def table_entry(hub_id: str) -> tuple[str, str]:
    """The first (model, tag) in open_clip's table whose weights lie under this hub id.

    >>> table_entry("timm/vit_large_patch14_clip_224.openai")
    ('ViT-L-14', 'openai')

    Raises:
        ModelError: there is none.
    """
    import open_clip

    for model, tag in open_clip.list_pretrained():
        if str(open_clip.get_pretrained_cfg(model, tag).get("hf_hub", "")).strip("/") == hub_id:
            return model, tag
    raise ModelError(f"open_clip knows no weights under {hub_id!r}")
