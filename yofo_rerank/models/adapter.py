"""A LoRA adapter on a base model: merged into the weights where that changes nothing."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from yofo_rerank.errors import AdapterMismatch

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 5e-2, torch.float16: 1e-2}  # of logits, relative to their size
_PROBE_TOKENS = 16


def attach_adapter(model: PreTrainedModel, folder: Path, token_ids: list[int]) -> PreTrainedModel:
    """The model with the adapter's weights.

    Merging saves the adapter's share of every pass, but tied embeddings with trained token rows are easily broken by
    it. So both are asked the same, and where they disagree the adapter stays beside the weights.

    Args:
        model: the base; do not use it afterwards.
        folder: of the adapter.
        token_ids: the special tokens, which the question holds.

    Raises:
        AdapterMismatch: it was trained for other token ids.
    """
    from peft import PeftModel

    with warnings.catch_warnings():  # peft asks transformers by a name that is going away: nothing to do with the user
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        adapted: Any = PeftModel.from_pretrained(model, str(folder), is_trainable=False).eval()
    _check_token_rows(adapted.peft_config["default"].trainable_token_indices, token_ids)
    probe = torch.tensor([[*range(_PROBE_TOKENS), *token_ids]], device=model.device)
    unmerged = _logits(adapted, probe)
    adapted.merge_adapter()
    difference = (_logits(adapted, probe) - unmerged).abs().max() / unmerged.abs().max()
    if not difference <= _TOLERANCE.get(model.dtype, 1e-2):  # also for NaN
        logger.warning("the adapter %s is kept unmerged: merging would change logits by %.2g", folder, difference)
        adapted.unmerge_adapter()
        return adapted.get_base_model()
    adapted.unload()  # takes the adapter's modules away; the weights hold it now
    return adapted.get_base_model()


def _check_token_rows(trained: dict[str, list[int]] | list[int] | None, token_ids: list[int]) -> None:
    rows = {row for part in trained.values() for row in part} if isinstance(trained, dict) else set(trained or ())
    if rows and not rows.issuperset(token_ids):
        raise AdapterMismatch(
            f"the adapter was trained for the token ids {sorted(rows)}, but the special tokens here are {token_ids}"
        )


@torch.inference_mode()
def _logits(model: PeftModel, ids: torch.Tensor) -> torch.Tensor:
    return model(input_ids=ids, use_cache=False).logits.float()
