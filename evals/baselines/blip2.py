"""BLIP-2 as a matcher (ITM: picture and text attend to each other) and as an embedder (ITC: a cosine).

Traps: the model's `image_token_index` and the processor's `num_query_tokens` must both be set or both be None, else
text is cut off, placeholders are read as text, or nothing runs; the processor gets picture and text in one call; ITM
pairs the i-th picture with the i-th text; softmax is taken once (the docstring of transformers takes it twice): the
score is the difference of the two logits, class 1 against class 0, whose sigmoid is that softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.baselines.checks import require_image
from evals.baselines.loading import batches, load_network, load_processor
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document


@dataclass(frozen=True, eq=False)
class Blip2Scorer:
    """A Blip2ForImageTextRetrieval and its processor, which agree."""

    name: str
    network: Any
    processor: Any
    matching: bool  # ITM, else ITC

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """Log-odds of a match, or the largest cosine of the query tokens."""
        import torch

        for document in documents:
            require_image(self.name, document)
        scores: list[float] = []
        with torch.inference_mode():
            for batch in batches(documents):
                inputs = self.inputs(query, batch)
                found = self.network(**inputs, use_image_text_matching_head=self.matching).logits_per_image.float()
                scores += (found[:, 1] - found[:, 0] if self.matching else found[:, 0]).double().tolist()
        return scores

    def inputs(self, query: str, documents: Sequence[Document]) -> Any:
        """Pictures and the query beside each of them; ITC, which compares all with all, takes it once."""
        pictures = [document.load_image() for document in documents]
        texts = [query] * (len(documents) if self.matching else 1)
        inputs = self.processor(images=pictures, text=texts, padding=True, return_tensors="pt")
        return inputs.to(self.network.device, self.network.dtype)


def open_itm(record: Baseline, source: str | None, *, device: str | None = None) -> Blip2Scorer:
    """With the matching head."""
    return _open(record, source, device, matching=True)


def open_itc(record: Baseline, source: str | None, *, device: str | None = None) -> Blip2Scorer:
    """With the contrastive projections."""
    return _open(record, source, device, matching=False)


def agree(config: Any, processor: Any) -> None:
    """Let the processor put as many placeholders before a text as the model will cut off, or none."""
    processor.num_query_tokens = None if config.image_token_index is None else config.num_query_tokens


def _open(record: Baseline, source: str | None, device: str | None, *, matching: bool) -> Blip2Scorer:
    from transformers import Blip2ForImageTextRetrieval

    # float32: the parts that transformers keeps in it would meet others in half precision
    network = load_network(Blip2ForImageTextRetrieval, record, source, device, dtype="float32")
    processor = load_processor(record, source)
    agree(network.config, processor)
    return Blip2Scorer(record.name, network, processor, matching)
