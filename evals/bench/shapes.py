"""The 2B models of the paper as data: sizes alone, no weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

VOCABULARY = 151_936


@dataclass(frozen=True)
class Shape:
    """Sizes of one vision-language model; names as in the papers, translated to configs in `random_weights`."""

    name: str
    model_type: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    feed_forward: int
    rope_theta: float
    mrope_section: tuple[int, int, int]
    vision_layers: int
    vision_width: int
    vision_heads: int
    vision_feed_forward: int
    patch: int  # pixels a side; four patches make one token
    deepstack: tuple[int, ...] = ()  # vision layers whose features enter the language model too
    parameters: int | None = None  # of the published checkpoint

    @property
    def token_side(self) -> int:
        """Pixels a side of one visual token."""
        return 2 * self.patch

    def image_tokens(self, pixels: int) -> int:
        """Visual tokens of a square image."""
        return (pixels // self.token_side) ** 2

    def state_bytes(self, tokens: int) -> int:
        """Keys and values of a prefix, in bfloat16."""
        return 2 * 2 * self.layers * self.kv_heads * self.head_width * tokens

    def reduced(self, layers: int) -> Shape:
        """The same widths with fewer layers, to try a program out."""
        deepstack = tuple(range(min(len(self.deepstack), layers)))
        return replace(self, layers=layers, vision_layers=layers, deepstack=deepstack, parameters=None)


SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            name="qwen3-vl-2b", model_type="qwen3_vl", layers=28, width=2048, heads=16, kv_heads=8, head_width=128,
            feed_forward=6144, rope_theta=5e6, mrope_section=(24, 20, 20), vision_layers=24, vision_width=1024,
            vision_heads=16, vision_feed_forward=4096, patch=16, deepstack=(5, 11, 17), parameters=2_127_532_032,
        ),
        Shape(
            name="qwen2-vl-2b", model_type="qwen2_vl", layers=28, width=1536, heads=12, kv_heads=2, head_width=128,
            feed_forward=8960, rope_theta=1e6, mrope_section=(16, 24, 24), vision_layers=32, vision_width=1280,
            vision_heads=16, vision_feed_forward=5120, patch=14, parameters=2_208_985_600,
        ),
    )
}  # fmt: skip


def get_shape(name: str) -> Shape:
    """A shape by name; ValueError names the known ones."""
    if name not in SHAPES:
        raise ValueError(f"unknown shape {name!r}; known: {', '.join(SHAPES)}")
    return SHAPES[name]


def text_config(shape: Shape) -> dict[str, Any]:
    """The language model as transformers wants it."""
    config = {
        "vocab_size": VOCABULARY,
        "hidden_size": shape.width,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": shape.rope_theta,
            "mrope_section": list(shape.mrope_section),
        },
    }
    return config | ({"head_dim": shape.head_width} if shape.deepstack else {})


def vision_config(shape: Shape) -> dict[str, Any]:
    """The vision tower as transformers wants it; Qwen2-VL and Qwen3-VL name its widths differently."""
    common = {
        "depth": shape.vision_layers,
        "num_heads": shape.vision_heads,
        "patch_size": shape.patch,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    if not shape.deepstack:
        ratio = shape.vision_feed_forward // shape.vision_width
        return common | {"embed_dim": shape.vision_width, "hidden_size": shape.width, "mlp_ratio": ratio}
    return common | {
        "hidden_size": shape.vision_width,
        "intermediate_size": shape.vision_feed_forward,
        "out_hidden_size": shape.width,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": list(shape.deepstack),
    }
