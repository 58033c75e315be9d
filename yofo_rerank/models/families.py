"""What differs between the supported model families, as data. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import ModelError

if TYPE_CHECKING:
    from transformers import PretrainedConfig

CHATML_SYSTEM = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"


@dataclass(frozen=True)
class Family:
    """One architecture of Hugging Face transformers; paths are module paths inside its class.

    All of them place an image on the (time, height, width) axes of M-RoPE alike: `yofo_rerank.models.positions`.
    """

    model_type: str  # of config.json
    model_class: str  # in transformers
    default_system: str  # what its chat template puts before a first user message
    inner: str = "model"  # everything but the LM head: vision tower, visual features into text, language model
    language_model: str = "model.language_model"
    patch_embedding: str = "model.visual.patch_embed"
    layers: frozenset[str] = frozenset({"full_attention"})  # kinds that its language model may have


_HYBRID = frozenset({"full_attention", "linear_attention"})

FAMILIES = {
    family.model_type: family
    for family in (
        Family("qwen2_vl", "Qwen2VLForConditionalGeneration", default_system=CHATML_SYSTEM),
        Family("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", default_system=CHATML_SYSTEM),
        Family("qwen3_vl", "Qwen3VLForConditionalGeneration", default_system=""),
        Family("qwen3_5", "Qwen3_5ForConditionalGeneration", default_system="", layers=_HYBRID),
        Family("qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration", default_system="", layers=_HYBRID),
    )
}


MAX_LAYERS = 1_000  # a damaged config must not build layers until the memory is full


def check_depth(config: PretrainedConfig | Any) -> None:
    """ModelError where a config asks for more layers than any model has."""
    for depth in (config.get_text_config().num_hidden_layers, getattr(config.vision_config, "depth", 1)):
        if not isinstance(depth, int) or not 1 <= depth <= MAX_LAYERS:
            raise ModelError(f"the config asks for {depth!r} layers; wanted 1 to {MAX_LAYERS}")


def get_family(config: PretrainedConfig | Any) -> Family:
    """The family of a model config.

    Raises:
        ModelError: a family that is not supported (lists those that are), or a sliding attention window.
    """
    model_type = getattr(config, "model_type", type(config).__name__)
    if model_type not in FAMILIES:
        raise ModelError(
            f"unknown model family {model_type!r}; known: {', '.join(sorted(FAMILIES))}", code="unknown_family"
        )
    family, kinds = FAMILIES[model_type], set(layer_kinds(config))
    if not kinds <= family.layers or "full_attention" not in kinds:
        wanted = " and ".join(sorted(family.layers))
        raise ModelError(f"got layers of {', '.join(sorted(kinds))}; wanted {wanted}, without a window")
    return family


def layer_kinds(config: PretrainedConfig | Any) -> list[str]:
    """The kind of each layer of the language model, in order."""
    text = config.get_text_config()
    return list(getattr(text, "layer_types", None) or ["full_attention"] * getattr(text, "num_hidden_layers", 1))
