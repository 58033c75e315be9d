"""Tiny random models of the real Hugging Face classes, with a real byte-level tokenizer; nothing is downloaded."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models lose more by waiting for threads than they gain

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5")
CONTROL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
PLAIN_ADDED_TOKENS = (
    "<tool_call>",
    "</tool_call>",
    "<think>",
    "</think>",
)  # added, but not flagged special, as in Qwen3
EMBEDDING_ROWS = 512  # the tokenizer leaves some unused, as Qwen's does
CORPUS = (
    "yes no unknown user assistant system a blue hooded top with long sleeves and without a chest logo",
    "the garment is red or green, not pink, striped; a grey skirt for summer, a formal dress for an evening event",
)


@dataclass(frozen=True)
class TinyModel:
    """A model and its processor; `model, processor = tiny` works too."""

    RECURRENT = ("qwen3_5", "qwen3_5_moe")  # a prefix and what is read behind it take two passes there

    family: str
    model: Any
    processor: Any

    def __iter__(self):
        return iter((self.model, self.processor))


def build_tokenizer(*words: str):
    """Byte-level BPE with Qwen's pre-tokenisation, control tokens, and `yes`, `no`, `unknown`, `words` as one token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import Qwen2TokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, min_frequency=1, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator(["yes", "no", "unknown", *words] * 50 + list(CORPUS), trainer)
    tokenizer = Qwen2TokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token=None
    )
    tokenizer.add_tokens(list(CONTROL_TOKENS), special_tokens=True)
    tokenizer.add_tokens([AddedToken(token, special=False) for token in PLAIN_ADDED_TOKENS])
    return tokenizer


def build_processor(family: str, tokenizer):
    """The family's real processor, for images of 32 to 96 pixels a side."""
    import transformers

    settings = {"patch_size": 8, "merge_size": 2, "size": {"shortest_edge": 32 * 32, "longest_edge": 96 * 96}}
    if family.startswith("qwen3"):
        settings |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    images = transformers.Qwen2VLImageProcessor(**settings)
    if family.startswith("qwen3"):
        videos = transformers.Qwen3VLVideoProcessor(patch_size=8)
        return transformers.Qwen3VLProcessor(image_processor=images, tokenizer=tokenizer, video_processor=videos)
    videos = transformers.Qwen2VLVideoProcessor(patch_size=8)
    kind = transformers.Qwen2_5_VLProcessor if family == "qwen2_5_vl" else transformers.Qwen2VLProcessor
    return kind(image_processor=images, tokenizer=tokenizer, video_processor=videos)


CLASSES = {  # configuration and model
    "qwen2_vl": ("Qwen2VLConfig", "Qwen2VLForConditionalGeneration"),
    "qwen2_5_vl": ("Qwen2_5_VLConfig", "Qwen2_5_VLForConditionalGeneration"),
    "qwen3_vl": ("Qwen3VLConfig", "Qwen3VLForConditionalGeneration"),
    "qwen3_5": ("Qwen3_5Config", "Qwen3_5ForConditionalGeneration"),
    "qwen3_5_moe": ("Qwen3_5MoeConfig", "Qwen3_5MoeForConditionalGeneration"),
}


def build_model(family: str, tokenizer, *, tied: bool = True, seed: int = 0):
    """Random weights, large enough in scale that answers differ from document to document."""
    import torch
    import transformers

    ids = {
        "image_token_id": tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        "video_token_id": tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        "vision_start_token_id": tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        "vision_end_token_id": tokenizer.convert_tokens_to_ids("<|vision_end|>"),
        "tie_word_embeddings": tied,
    }
    text = _text_config(family) | {"tie_word_embeddings": tied, "bos_token_id": None}
    text |= {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    config_class, model_class = (getattr(transformers, name) for name in CLASSES[family])
    torch.manual_seed(seed)
    model = model_class(config_class(text_config=text, vision_config=_vision_config(family), **ids)).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter.shape[-1] if parameter.ndim == 2 else parameter[0].numel()
                scale = 1.0 if "embed_tokens" in name else 1.5 / fan_in**0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return model


def _text_config(family: str) -> dict[str, Any]:
    text: dict[str, Any] = {
        "vocab_size": EMBEDDING_ROWS,
        "hidden_size": 48,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
    }
    if family.startswith("qwen2"):
        return text | {"rope_parameters": _rope([2, 2, 2])}
    text |= {"head_dim": 16, "rope_parameters": _rope([4, 2, 2])}
    if family == "qwen3_vl":
        return text
    text |= {"linear_key_head_dim": 8, "linear_value_head_dim": 8, "linear_num_key_heads": 2}
    text |= {"linear_num_value_heads": 4, "linear_conv_kernel_dim": 4}
    text |= {"layer_types": ["linear_attention", "linear_attention", "full_attention"]}
    text["rope_parameters"] |= {"partial_rotary_factor": 1.0}
    if family == "qwen3_5_moe":
        text |= {"num_experts": 4, "num_experts_per_tok": 2}
        text |= {"moe_intermediate_size": 32, "shared_expert_intermediate_size": 32}
    return text


def _vision_config(family: str) -> dict[str, Any]:
    sizes = {"depth": 2, "num_heads": 2, "patch_size": 8, "spatial_merge_size": 2, "temporal_patch_size": 2}
    if family == "qwen2_vl":
        return sizes | {"embed_dim": 32, "hidden_size": 48, "mlp_ratio": 2}
    vision = sizes | {"hidden_size": 32, "intermediate_size": 48, "out_hidden_size": 48}
    if family == "qwen2_5_vl":
        return vision | {"window_size": 32, "fullatt_block_indexes": [1]}
    vision |= {"num_position_embeddings": 16}
    return vision | ({"deepstack_visual_indexes": [0, 1]} if family == "qwen3_vl" else {})


def _rope(section: list[int]) -> dict:
    return {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": section}


def build_tiny(family: str, *, words: Sequence[str] = (), **settings) -> TinyModel:
    """A family's tiny model with its own tokenizer and processor."""
    tokenizer = build_tokenizer(*words)
    return TinyModel(family, build_model(family, tokenizer, **settings), build_processor(family, tokenizer))


@pytest.fixture(scope="session")
def tiny_qwen2_vl() -> TinyModel:
    return build_tiny("qwen2_vl")


@pytest.fixture(scope="session")
def tiny_qwen2_5_vl() -> TinyModel:
    return build_tiny("qwen2_5_vl")


@pytest.fixture(scope="session")
def tiny_qwen3_vl() -> TinyModel:
    return build_tiny("qwen3_vl")


@pytest.fixture(scope="session")
def tiny_qwen3_5() -> TinyModel:
    return build_tiny("qwen3_5")


@pytest.fixture(scope="session", params=FAMILIES)
def tiny(request) -> TinyModel:
    """Every supported family in turn; shared by all tests, so it must not be changed."""
    return request.getfixturevalue(f"tiny_{request.param}")


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., TinyModel]:
    """A fresh tiny model of its own: `make_tiny("qwen3_vl", tied=False, seed=1)`."""
    return build_tiny


@pytest.fixture(scope="session")
def saved_model() -> Callable[[TinyModel, Path], Path]:
    """Save a tiny model as `from_pretrained` wants it: `folder = saved_model(tiny, tmp_path / "base")`."""

    def save(tiny: TinyModel, folder: Path) -> Path:
        tiny.model.save_pretrained(folder)
        tiny.processor.save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def make_image() -> Callable[..., Any]:
    """A picture of coloured blocks: `make_image(width, height, seed)`."""
    from PIL import Image

    def make(width: int = 48, height: int = 48, seed: int = 0) -> Image.Image:
        rng = random.Random(f"{width} {height} {seed}")
        blocks = Image.new("RGB", (4, 4))
        blocks.putdata([tuple(rng.randrange(256) for _ in range(3)) for _ in range(16)])
        return blocks.resize((width, height), Image.Resampling.NEAREST)

    return make


@pytest.fixture(scope="session")
def pictured_documents(make_image) -> list:
    """Images of several sizes and shapes, one or several, with and without text, and texts alone; all different."""
    from yofo_rerank.documents import Document

    return [
        Document(image=make_image(48, 48, 1), id="square"),
        Document(image=make_image(96, 32, 2), id="wide", text="a grey skirt"),
        Document(image=make_image(48, 48, 3), id="another square"),
        Document(text="black trousers, a touch of warmth, perfect for winter", id="text"),
        Document(image=make_image(32, 80, 4), id="tall"),
        Document(text="top", id="short text"),
        Document(images=[make_image(48, 48, 1), make_image(32, 48, 4)], id="two views"),
        Document(images=[make_image(32, 32, seed) for seed in (2, 6, 7)], text="skirt", id="three views"),
    ]
