"""Which weights learn: LoRA on the language model plus the new tokens' rows, or everything; the vision tower rests."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from yofo_rerank.training.config import LoraSettings

# `language_model` keeps the vision tower out: Qwen2.5-VL uses some of these names there too.
LANGUAGE_LINEARS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"


def add_lora(model: PreTrainedModel, settings: LoraSettings, token_ids: Sequence[int]) -> PeftModel:
    """Freeze the model; train adapters (in fp32) on the language model's linear layers and the rows of `token_ids`.

    Where input and output embeddings are tied, peft ties the trained rows too. Where they are not, the rows of the LM
    head are trained beside those of the input: the end of a reason is a token that the model learns to predict.
    """
    rows = {_last_name(model, table): sorted(token_ids) for table in embeddings(model)}
    lora = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=LANGUAGE_LINEARS,
        trainable_token_indices=rows,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # peft asks transformers by a name that is going away: nothing to do with the user
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        adapted = get_peft_model(model, lora)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.float32)  # bf16 steps of 1e-4 would be rounded away
    return adapted


def initialise_rows(model: PreTrainedModel, token_ids: Sequence[int]) -> None:
    """Give never-trained embedding rows values like those of real tokens; rows that were trained keep theirs.

    Qwen's unused rows are close to zero: AdamW would need hundreds of steps to bring them to scale.
    """
    for module in embeddings(model):
        weight: nn.Parameter = module.get_parameter("weight")
        with torch.no_grad(), _whole(weight):
            table = weight.detach().float()
            sizes = table.norm(dim=1)
            fresh = [row for row in token_ids if sizes[row] < 0.1 * sizes.median()]
            noise = torch.randn(len(fresh), table.shape[1]).to(table)
            weight[fresh] = (table.mean(dim=0) + table.std(dim=0) * noise).to(weight.dtype)


def embeddings(model: PreTrainedModel) -> list[nn.Module]:
    """The input embedding and, where it has weights of its own, the LM head."""
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    return [table] if head.weight is table.weight else [table, head]


def _last_name(model: PreTrainedModel, module: nn.Module) -> str:
    """What peft knows a module by: `embed_tokens`, `lm_head`."""
    return next(name for name, other in model.named_modules() if other is module).rsplit(".", 1)[-1]


def _whole(weight: nn.Parameter) -> AbstractContextManager[None]:
    """Under ZeRO-3 a weight is spread over the processes; inside this block it is whole, and written back after it."""
    if not hasattr(weight, "ds_id"):
        return nullcontext()
    import deepspeed

    whole: AbstractContextManager[None] = deepspeed.zero.GatheredParameters(weight, modifier_rank=0)
    return whole


def train_everything(model: PreTrainedModel, *, freeze_vision: bool) -> None:
    """All weights learn, those of the vision tower only if asked."""
    model.requires_grad_(True)
    model.get_submodule("model.visual").requires_grad_(not freeze_vision)
