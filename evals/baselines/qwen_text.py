"""Qwen3-Reranker, for texts: a plain language model, read behind its prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from evals.baselines.loading import load_network, locate
from evals.baselines.qwen_formats import QWEN3_RERANKER
from evals.baselines.record import Baseline
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.models.head import head_logits
from yofo_rerank.prompts import layout_ids, token_id
from yofo_rerank.prompts.tokens import text_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BATCH = 16
MAX_TOKENS = 8192  # of query and document; the makers cut there, we refuse


@dataclass(frozen=True, eq=False)
class TextScorer:
    """P(yes) of the two answers at the last position of the left-padded prompt."""

    model: Any
    tokenizer: PreTrainedTokenizerBase

    @torch.inference_mode()
    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """In 0..1, one per document.

        Raises:
            DocumentError: no text (code `not_read`), or one that is too long.
        """
        prompts = [self.ids(query, document) for document in documents]
        order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
        scores: dict[int, float] = {}
        for start in range(0, len(order), BATCH):
            group = order[start : start + BATCH]
            scores |= zip(group, self._batch([prompts[at] for at in group]), strict=True)
        return [scores[at] for at in range(len(prompts))]

    def ids(self, query: str, document: Document) -> list[int]:
        """One pair as token ids; control strings in query and document are spelled out."""
        if document.text is None:
            raise DocumentError(f"document {document.id[:80]!r} has no text, and this reads texts", code="not_read")
        before, mark, after = QWEN3_RERANKER.partition("<Instruct>")
        body, end, behind = after.partition("<|im_end|>")
        body = (mark + body).format(query=query, text=document.text)
        ids = text_ids(self.tokenizer, body)
        if len(ids) > MAX_TOKENS:
            raise DocumentError(f"query and document take {len(ids)} tokens; wanted {MAX_TOKENS}", code="too_long")
        return [*layout_ids(self.tokenizer, before), *ids, *layout_ids(self.tokenizer, end + behind)]

    def _batch(self, prompts: Sequence[list[int]]) -> Iterator[float]:
        longest = max(map(len, prompts))
        pad = self.tokenizer.pad_token_id or 0
        ids = torch.tensor([[pad] * (longest - len(one)) + one for one in prompts], device=self.model.device)
        lengths = torch.tensor([len(one) for one in prompts], device=ids.device)
        mask = torch.arange(longest, device=ids.device) >= longest - lengths[:, None]
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        hidden = self.model.model(input_ids=ids, attention_mask=mask.long(), position_ids=positions, use_cache=False)
        answers = [token_id(self.tokenizer, "no"), token_id(self.tokenizer, "yes")]
        no, yes = head_logits(self.model.lm_head, hidden.last_hidden_state[:, -1], answers).unbind(-1)
        yield from torch.sigmoid((yes - no).double()).tolist()


def load_text(record: Baseline, source: str, *, device: str | None = None) -> TextScorer:
    """From a hub id or a folder of a Qwen3ForCausalLM; errors as `load_network`."""
    from transformers import AutoTokenizer, Qwen3ForCausalLM

    model = load_network(Qwen3ForCausalLM, record, source, device)
    place, revision = locate(record, source)
    return TextScorer(model, AutoTokenizer.from_pretrained(place, revision=revision, trust_remote_code=False))
