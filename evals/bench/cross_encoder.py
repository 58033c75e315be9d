"""The peer: `CrossEncoder` of sentence-transformers around the embedded base model, as its own documentation builds it.

Same base weights, same pixels, same dtype, no adapter (merged it costs nothing), and the batch size it is fastest with.
It keeps nothing between calls, and has one score for a pair.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.bench.clock import seconds
from yofo_rerank import Document
from yofo_rerank.errors import MissingExtra
from yofo_rerank.mini.weights import weights_folder

BATCH_SIZES = (8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Peer:
    """A loaded CrossEncoder and the batch size to use."""

    model: Any
    batch_size: int = 32  # its default

    def score(self, documents: Sequence[Document], query: str) -> Any:
        """One score for each document: one pass over all of them."""
        pairs = [(query, document.image) for document in documents]
        return self.model.predict(pairs, batch_size=self.batch_size, show_progress_bar=False)

    def score_each(self, documents: Sequence[Document], requirements: Sequence[str]) -> list[Any]:
        """One score for each document and requirement: one pass for every requirement."""
        return [self.score(documents, text) for text in requirements]


def open_peer() -> Peer:
    """A CrossEncoder that reads yes against no after the embedded base model's chat template.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """
    try:
        from sentence_transformers import CrossEncoder
        from sentence_transformers.base.modules import Transformer
        from sentence_transformers.cross_encoder.modules import LogitScore
    except ImportError as error:
        raise MissingExtra(
            "sentence-transformers is not installed, so its rows are left out; pip install 'yofo-rerank[evals]'"
        ) from error
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    network = Transformer(str(weights_folder("base")), transformer_task="any-to-any")
    yes, no = (network.tokenizer.convert_tokens_to_ids(word) for word in ("yes", "no"))
    modules = [network, LogitScore(true_token_id=yes, false_token_id=no)]
    return Peer(CrossEncoder(modules=modules))


def at_its_fastest(peer: Peer, documents: Sequence[Document], query: str) -> Peer:
    """The peer with the batch size that takes it the least time for these documents; warms it up too."""
    peer.score(documents[:2], query)
    took = {size: seconds(replace(peer, batch_size=size).score, documents, query) for size in BATCH_SIZES}
    return replace(peer, batch_size=min(took, key=lambda size: took[size]))
