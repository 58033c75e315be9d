"""jina-reranker-m0 with transformers' own Qwen2-VL and the two linear layers that it puts on top; no remote code.

Its prompt has the document first and no chat template; the number is read at token 100, which is appended after
tokenisation; 2.65 is subtracted before the sigmoid. The score here is that difference, whose sigmoid is its own.
A document is a picture or a text, as in its own interface: of one that has both, the picture is read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.baselines.loading import batches, load_network, load_processor, read_tensors
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document

logger = logging.getLogger(__name__)

PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
SCORE_TOKEN = 100
LOGIT_BIAS = 2.65
MAX_TOKENS, MAX_QUERY_TOKENS = 10_240, 512
PIXELS = {"shortest_edge": 3136, "longest_edge": 602_112}


def prompt(document: str, query: str) -> str:
    r"""What is tokenised, in one piece.

    >>> prompt("a skirt", "grey")
    '**Document**:\na skirt\n**Query**:\ngrey'
    """
    return f"**Document**:\n{document}\n**Query**:\n{query}"


@dataclass(frozen=True, eq=False)
class JinaScorer:
    """A Qwen2VLModel, the two layers on top of it, and its processor."""

    name: str
    network: Any
    head: Any
    processor: Any

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One logit, less the bias, for each document; pictures and texts go in batches of their own."""
        import torch

        scores = [0.0] * len(documents)
        pictured = [place for place, document in enumerate(documents) if document.image is not None]
        written = [place for place, document in enumerate(documents) if document.image is None]
        with torch.inference_mode():
            for places in [*batches(pictured), *batches(written)]:
                inputs = self.inputs(query, [documents[place] for place in places])
                hidden = self.network(**inputs, use_cache=False).last_hidden_state[:, -1]  # (batch, width)
                found = self.head(hidden).float()[:, 0] - LOGIT_BIAS
                for place, score in zip(places, found.double().tolist(), strict=True):
                    scores[place] = score
        return scores

    def inputs(self, query: str, documents: Sequence[Document]) -> Any:
        """Documents of one kind as the model reads them: padded on the left, token 100 last."""
        import torch

        pictures = [document.load_image() for document in documents if document.image is not None]
        texts = [prompt(PICTURE if one.image is not None else self._cut(one.text or ""), query) for one in documents]
        inputs = self.processor(
            text=texts, images=pictures or None, padding=True, padding_side="left", return_tensors="pt",
            return_mm_token_type_ids=True,
        )  # fmt: skip
        for name, value in (("input_ids", SCORE_TOKEN), ("attention_mask", 1), ("mm_token_type_ids", 0)):
            inputs[name] = torch.nn.functional.pad(inputs[name], (0, 1), value=value)
        return inputs.to(self.network.device, self.network.dtype)

    def _cut(self, text: str) -> str:
        """A text of more tokens than a document may have, cut as its own interface does."""
        tokenizer, limit = self.processor.tokenizer, MAX_TOKENS - MAX_QUERY_TOKENS
        if len(text) <= limit:
            return text
        ids = tokenizer(text, add_special_tokens=False).input_ids
        if len(ids) <= limit:
            return text
        logger.warning("%s reads %d tokens of a document; the rest of %d is cut", self.name, limit, len(ids))
        return str(tokenizer.decode(ids[:limit]))


def open_scorer(record: Baseline, source: str | None, *, device: str | None = None) -> JinaScorer:
    """The network whole, under its old or new names, and the head from the same files."""
    from transformers import Qwen2VLForConditionalGeneration

    whole = load_network(
        Qwen2VLForConditionalGeneration, record, source, device, may_lack=lambda name: name == "lm_head.weight"
    )
    processor = load_processor(record, source)
    processor.image_processor.size = type(processor.image_processor.size)(**PIXELS)
    return JinaScorer(record.name, whole.model, _load_head(record, source, whole.model), processor)


def _load_head(record: Baseline, source: str | None, network: Any) -> Any:
    from torch import nn

    width = network.config.text_config.hidden_size
    head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
    head.load_state_dict(read_tensors(record, source, {name: f"score.{name}" for name in head.state_dict()}))
    return head.to(network.device, network.dtype).eval().requires_grad_(False)
