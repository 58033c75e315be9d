"""Which base model is this? A cheap digest that survives renaming, another dtype and added tokens."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_SHAPE = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
_VISION_SHAPE = ("depth", "num_heads", "patch_size", "spatial_merge_size")
_SAMPLE = 256  # values of each sampled weight


def base_fingerprint(model: PreTrainedModel) -> str:
    """`<digest of the shape>-<digest of a few weights>`; call it before an adapter is attached.

    Weights are compared as bfloat16, so a checkpoint read in float32 and in bfloat16 is the same base. Where the
    weights lie elsewhere (DeepSpeed ZeRO-3) or are not what was stored (quantization), the second part is empty.
    """
    shape = [model.config.model_type, _fields(model.config.get_text_config(), _SHAPE)]
    shape.append(_fields(model.config.vision_config, _VISION_SHAPE))
    return f"{_digest(json.dumps(shape).encode())}-{_weights_digest(model)}"


def is_same_base(one: str, other: str) -> bool:
    """Whether two fingerprints name the same base; a missing weights part is not compared.

    >>> is_same_base("ab-12", "ab-"), is_same_base("ab-12", "ab-34")
    (True, False)
    """
    (shape, _, weights), (other_shape, _, other_weights) = one.partition("-"), other.partition("-")
    return shape == other_shape and (weights == other_weights or not weights or not other_weights)


def _weights_digest(model: PreTrainedModel) -> str:
    text = model.get_decoder()
    first = text.layers[0].mlp
    down = getattr(first, "shared_expert", first).down_proj  # of a mixture, the expert that is always asked
    weights = [model.get_input_embeddings().weight, text.norm.weight, down.weight]
    if any(weight.numel() == 0 or _is_quantized(weight) for weight in weights):
        return ""
    samples = [weight.detach().flatten()[:_SAMPLE].to("cpu", torch.bfloat16) for weight in weights]
    return _digest(torch.cat(samples).view(torch.int16).numpy().tobytes())


def _is_quantized(weight: torch.Tensor) -> bool:
    return type(weight.data) is not torch.Tensor or not weight.is_floating_point()


def _fields(config: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(config, name, None) for name in names}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
