"""sentence-transformers' CrossEncoder: a reranker by its hub id, or our base model with yes against no.

The score is the raw logit (of a yes/no head: the log-odds), before the sigmoid that the class would apply. Whether
pictures are read, prompts and pixel limits are the checkpoint's own; no remote code is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.baselines.loading import BATCH, locate, pick_device
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.frameworks.extras import require
from yofo_rerank.models.sources import MINI


@dataclass(frozen=True, eq=False)
class CrossEncoderScorer:
    """A loaded CrossEncoder."""

    name: str
    model: Any

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One logit for each pair, in one call of `predict`."""
        from torch import nn

        if not documents:
            return []
        pairs = [(query, self._content(document)) for document in documents]
        logits = self.model.predict(pairs, batch_size=BATCH, activation_fn=nn.Identity(), show_progress_bar=False)
        return [float(logit) for logit in logits]

    def _content(self, document: Document) -> Any:
        picture = document.load_image()
        if picture is not None and "image" not in self.model.modalities:
            raise DocumentError(f"{self.name} reads texts, but document {document.id!r:.80} has a picture")
        if picture is None:
            return document.text
        return {"text": document.text, "image": picture} if document.text else picture


def open_scorer(record: Baseline, source: str | None, *, device: str | None = None) -> CrossEncoderScorer:
    """From a hub id or a folder; for "mini" or none, our base model as sentence-transformers' documentation builds it.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """
    require("sentence_transformers", extra="evals")
    if source in (None, MINI):
        from evals.bench.cross_encoder import open_peer

        return CrossEncoderScorer(record.name, open_peer().model.to(pick_device(device)))
    from sentence_transformers import CrossEncoder

    place, revision = locate(record, source)
    model = CrossEncoder(place, revision=revision, device=str(pick_device(device)), trust_remote_code=False)
    return CrossEncoderScorer(record.name, model)
