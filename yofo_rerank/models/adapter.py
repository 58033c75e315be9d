"""A LoRA adapter on a base model: merged into the weights where that changes nothing."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from yofo_rerank.errors import AdapterMismatch
from yofo_rerank.models.adapter_keys import PREFIX, check_keys, current_names, has_old_names, old_targets
from yofo_rerank.models.sources import ADAPTER_WEIGHTS

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
        AdapterMismatch: tensors are missing or left over, or it was trained for other token ids.
    """
    with warnings.catch_warnings():  # peft asks transformers by a name that is going away: nothing to do with the user
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        adapted = _adapted(model, folder)
    _check_token_rows(adapted.peft_config["default"].trainable_token_indices, token_ids)
    if getattr(model, "hf_quantizer", None) is not None:
        return adapted.get_base_model()  # merging would round the adapter to the base's few bits
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


def _adapted(model: PreTrainedModel, folder: Path) -> Any:
    """The PeftModel with every tensor of the folder in its place; `PeftModel.from_pretrained` would only warn."""
    from peft import PeftConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

    config = PeftConfig.from_pretrained(str(folder))
    config.inference_mode = True
    config.base_model_name_or_path = (
        model.__dict__.get("name_or_path") or None
    )  # peft would warn where the base has moved
    weights = load_file(folder / ADAPTER_WEIGHTS)
    if has_old_names(weights) and config.target_modules != "all-linear":
        config.target_modules = old_targets(config, model) or config.target_modules
    embeddings = {
        PREFIX + name
        for name, module in model.named_modules()
        if module in (model.get_input_embeddings(), model.get_output_embeddings())
    }
    adapted: Any = get_peft_model(model, config).eval()
    wanted = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    weights = current_names(weights, wanted)
    check_keys(weights, wanted, also={f"{name}.weight" for name in embeddings})  # saved whole where the table had grown
    placed: Any = set_peft_model_state_dict(adapted, weights)
    check_keys([*wanted, *placed.unexpected_keys], wanted)
    return adapted


def _check_token_rows(trained: dict[str, list[int]] | list[int] | None, token_ids: list[int]) -> None:
    rows = {row for part in trained.values() for row in part} if isinstance(trained, dict) else set(trained or ())
    if rows and not rows.issuperset(token_ids):
        raise AdapterMismatch(
            f"the adapter was trained for the token ids {sorted(rows)}, but the special tokens here are {token_ids}"
        )


@torch.inference_mode()
def _logits(model: PeftModel, ids: torch.Tensor) -> torch.Tensor:
    return model(input_ids=ids, use_cache=False).logits.float()
