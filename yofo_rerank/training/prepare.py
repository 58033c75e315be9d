"""The model, its processor and what of it learns, before the first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import PreTrainedModel, ProcessorMixin

from yofo_rerank.errors import ConfigError
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.models.families import Family, get_family, layer_kinds
from yofo_rerank.models.fingerprint import base_fingerprint
from yofo_rerank.models.patches import DEFAULT_IMAGE_TOKENS
from yofo_rerank.models.prefixes import PrefixMaker
from yofo_rerank.models.sources import as_model_error, resolve
from yofo_rerank.models.tokens import add_special_tokens
from yofo_rerank.models.vision import linearise_patches
from yofo_rerank.prompts import get_format, token_id
from yofo_rerank.training.adapt import add_lora, initialise_rows, train_everything
from yofo_rerank.training.arguments import uses_bf16
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.settings import public_name


@dataclass(frozen=True)
class Parts:
    """What is needed to lay examples out: everything but the weights."""

    base: Path
    family: Family
    processor: ProcessorMixin  # its tokenizer has the special tokens
    maker: PrefixMaker  # lays documents out as the judge does


@dataclass(frozen=True)
class Trainable:
    """A model ready to train, and what its saved folder must say."""

    model: PreTrainedModel | PeftModel
    processor: ProcessorMixin
    answer_ids: tuple[int, int]  # no, yes: the order of the judge's two-row head
    saved_config: YofoConfig


def prepare_parts(config: TrainConfig) -> Parts:
    """Load the processor, and decide how many pixels an image may have.

    Raises:
        ModelError: it cannot be loaded, or is of an unknown family.
        ConfigError: attention that its layers cannot be trained in.
    """
    layout = get_format(config.format)
    base, _ = resolve(config.model, None, config.revision)  # "mini" brings an adapter, which is not trained further
    with as_model_error(config.model):
        of_model = transformers.AutoConfig.from_pretrained(base, trust_remote_code=False)
        family = get_family(of_model)
        processor = transformers.AutoProcessor.from_pretrained(base, trust_remote_code=False)
    if "linear_attention" in layer_kinds(of_model) and (config.attention != "joint" or config.hide_reasons):
        raise ConfigError(
            f"{config.model}: its recurrent layers see all that is before, so nothing can be trained alone or hidden; "
            "wanted attention: joint and hide_reasons: false"
        )
    processor.tokenizer.add_tokens(list(layout.special_tokens), special_tokens=True)
    maker = PrefixMaker(processor.tokenizer, processor.image_processor, layout)
    maker = replace(maker, max_pixels=config.max_pixels or derived_max_pixels(maker, config.max_length))
    return Parts(base, family, processor, maker)


def derived_max_pixels(maker: PrefixMaker, max_length: int) -> int:
    """Pixels of an image that takes half of the tokens at most, so that its requirements and reasons have room."""
    side = maker.image_processor.patch_size * maker.image_processor.merge_size  # of what one image token shows
    return max(1, min(DEFAULT_IMAGE_TOKENS, max_length // 2)) * side * side


def prepare_model(config: TrainConfig, parts: Parts) -> Trainable:
    """Load the weights, give them rows for the special tokens, freeze what does not learn.

    Raises:
        ModelError: they cannot be loaded.
    """
    layout, tokenizer = parts.maker.layout, parts.maker.tokenizer
    model = _load(config, parts)
    saved_config = YofoConfig(
        format=layout.name,
        format_version=layout.version,
        base_model=public_name(config.model),
        base_fingerprint=base_fingerprint(model) if config.lora is not None else None,
        max_pixels=parts.maker.max_pixels,
        special_tokens=layout.special_tokens,
        attention=config.attention,
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
    return Trainable(trained, parts.processor, answer_ids, saved_config)


def _checkpoint_activations(model: PreTrainedModel) -> None:
    """Under its newer name where transformers has it."""
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def _load(config: TrainConfig, parts: Parts) -> PreTrainedModel:
    """A frozen base in bf16 where activations are, weights that learn in fp32."""
    dtype = torch.bfloat16 if config.lora is not None and uses_bf16(config) else torch.float32
    with as_model_error(config.model):
        model: PreTrainedModel = getattr(transformers, parts.family.model_class).from_pretrained(
            parts.base, dtype=dtype, use_safetensors=True, attn_implementation="sdpa"
        )
    if config.lora is not None and config.deepspeed is None:  # its shape must stay where it is saved or taken apart
        linearise_patches(model.get_submodule(parts.family.patch_embedding))
    return model
