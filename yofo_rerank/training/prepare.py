"""The model, its processor and what of it learns, before the first step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import transformers
from peft import PeftModel
from transformers import PreTrainedModel, ProcessorMixin

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.models.families import get_family
from yofo_rerank.models.fingerprint import base_fingerprint
from yofo_rerank.models.prefixes import PrefixMaker
from yofo_rerank.models.sources import as_model_error, resolve
from yofo_rerank.models.tokens import add_special_tokens
from yofo_rerank.models.vision import linearise_patches
from yofo_rerank.prompts import get_format, token_id
from yofo_rerank.training.adapt import add_lora, initialise_rows, train_everything
from yofo_rerank.training.arguments import uses_bf16
from yofo_rerank.training.config import TrainConfig


@dataclass(frozen=True)
class Trainable:
    """A model ready to train, and what its saved folder must say."""

    model: PreTrainedModel | PeftModel
    processor: ProcessorMixin
    maker: PrefixMaker  # lays documents out as the judge does
    answer_ids: tuple[int, int]  # no, yes: the order of the judge's two-row head
    saved_config: YofoConfig


def prepare_model(config: TrainConfig) -> Trainable:
    """Load the model, give it the special tokens, freeze what does not learn.

    Raises:
        ModelError: it cannot be loaded, or is of an unknown family.
        ConfigError: the prompt format is not one to train.
    """
    layout = get_format(config.format)
    if layout.family_system:
        raise ConfigError(f"format: {config.format!r} is for judging without training; wanted one such as 'yofo-v1'")
    model, processor = _load(config)
    tokenizer = processor.tokenizer
    saved_config = YofoConfig(
        format=layout.name,
        format_version=layout.version,
        base_model=config.model,
        base_fingerprint=base_fingerprint(model) if config.lora is not None else None,
        max_pixels=config.max_pixels,
        special_tokens=layout.special_tokens,
    )
    token_ids = add_special_tokens(tokenizer, model, layout.special_tokens)
    initialise_rows(model, token_ids)
    if config.gradient_checkpointing:
        _checkpoint_activations(model)
    trained: PreTrainedModel | PeftModel = model
    if config.lora is not None:
        trained = add_lora(model, config.lora, token_ids)
    else:
        train_everything(model, freeze_vision=config.freeze_vision)
    answer_ids = (token_id(tokenizer, layout.no[0]), token_id(tokenizer, layout.yes[0]))
    maker = PrefixMaker(tokenizer, processor.image_processor, layout, max_pixels=config.max_pixels)
    return Trainable(trained, processor, maker, answer_ids, saved_config)


def _checkpoint_activations(model: PreTrainedModel) -> None:
    """Under its newer name where transformers has it."""
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def _load(config: TrainConfig) -> tuple[PreTrainedModel, ProcessorMixin]:
    """Model and processor; a frozen base in bf16 where activations are, weights that learn in fp32."""
    base, _ = resolve(config.model, None, config.revision)  # "mini" brings an adapter, which is not trained further
    dtype = torch.bfloat16 if config.lora is not None and uses_bf16(config) else torch.float32
    with as_model_error(config.model):
        family = get_family(transformers.AutoConfig.from_pretrained(base, trust_remote_code=False))
        processor = transformers.AutoProcessor.from_pretrained(base, trust_remote_code=False)
        model = getattr(transformers, family.model_class).from_pretrained(
            base, dtype=dtype, use_safetensors=True, attn_implementation="sdpa"
        )
    if config.lora is not None and config.deepspeed is None:  # its shape must stay where it is saved or taken apart
        linearise_patches(model.get_submodule(family.patch_embedding))
    return model, processor
