"""SigLIP 2, of fixed resolution or NaFlex: logit_scale * cosine + logit_bias, whose sigmoid is its probability.

Traps: the text is read at its last position, so it is padded to 64 tokens, and the model is not told which of them are
padding (an attention mask changes the score); training lower-cased, and the tokenizer of fixed checkpoints may not;
NaFlex needs the mask of its patches. The score stays a logit: the probabilities are tiny, and rank the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.baselines.checks import require_image
from evals.baselines.loading import batches, load_network, load_processor
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document

logger = logging.getLogger(__name__)

TEXT_TOKENS = 64


@dataclass(frozen=True, eq=False)
class SiglipScorer:
    """A SiglipModel or a Siglip2Model, and its processor."""

    name: str
    network: Any
    processor: Any

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One logit for each picture."""
        import torch
        from torch.nn.functional import normalize

        for document in documents:
            require_image(self.name, document)
        scores: list[float] = []
        with torch.inference_mode():
            found = self.network.get_text_features(input_ids=self.text_ids(query).to(self.network.device))
            text = normalize(found.pooler_output.float(), dim=-1)  # (1, width)
            for batch in batches(documents):
                inputs = self.processor(images=[one.load_image() for one in batch], return_tensors="pt")
                inputs = inputs.to(self.network.device, self.network.dtype)
                found = self.network.get_image_features(**inputs)
                cosines = normalize(found.pooler_output.float(), dim=-1) @ text[0]  # (batch,)
                scores += (self.network.logit_scale.exp() * cosines + self.network.logit_bias).double().tolist()
        return scores

    def text_ids(self, query: str) -> Any:
        """What the model reads of a query  # (1, 64)."""
        tokenizer = self.processor.tokenizer
        query = query.lower()
        if len(tokenizer(query).input_ids) > TEXT_TOKENS:
            logger.warning("%s reads %d tokens; the rest of %.80r is cut", self.name, TEXT_TOKENS, query)
        padded = tokenizer([query], padding="max_length", max_length=TEXT_TOKENS, truncation=True, return_tensors="pt")
        return padded.input_ids


def open_scorer(record: Baseline, source: str | None, *, device: str | None = None) -> SiglipScorer:
    """The class is the checkpoint's: SiglipModel of fixed resolution, Siglip2Model for NaFlex."""
    from transformers import AutoModel

    network = load_network(AutoModel, record, source, device)
    return SiglipScorer(record.name, network, load_processor(record, source))
