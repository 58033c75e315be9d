"""Make a full-size model with random weights, a processor and a LoRA adapter, as a checkpoint on disk has them.

    python -m evals.bench.random_weights qwen3-vl-2b FOLDER

Run as a program of its own, so that the memory it takes is not counted to whoever loads the result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.bench.clock import peak_memory
from evals.bench.shapes import Shape, get_shape, text_config, vision_config
from yofo_rerank.mini.architecture import CHAT_TEMPLATE, CONTROL_TOKENS, build_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast, ProcessorMixin

SHARD = "1GB"
LORA_RANK = 64
SCALE = 0.02  # standard deviation of every weight matrix
DONE = "built.json"  # written last


def build(shape: Shape, folder: Path, *, pixels: int, seed: int = 0) -> dict[str, Any]:
    """Write `base` and `adapter` below the folder, in bfloat16; does nothing where they are already."""
    settings = {"shape": repr(shape), "pixels": pixels, "seed": seed}
    done = folder / DONE
    if done.is_file() and json.loads(done.read_text(encoding="utf-8"))["settings"] == settings:
        return json.loads(done.read_text(encoding="utf-8"))
    tokenizer = build_tokenizer()
    model = _random_model(shape, tokenizer, seed)
    model.save_pretrained(folder / "base", max_shard_size=SHARD)
    build_processor(shape, tokenizer, pixels).save_pretrained(folder / "base")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    _save_adapter(model, tokenizer, folder / "adapter")
    shards = len(list((folder / "base").glob("*.safetensors")))
    report = {"settings": settings, "parameters": parameters, "shards": shards, "peak_memory": peak_memory()}
    done.write_text(json.dumps(report), encoding="utf-8")
    return report


def build_processor(shape: Shape, tokenizer: PreTrainedTokenizerFast, pixels: int) -> ProcessorMixin:
    """The family's own processor, for square images of `pixels` a side."""
    import transformers

    area = {"shortest_edge": pixels**2, "longest_edge": pixels**2}
    images = transformers.Qwen2VLImageProcessor(patch_size=shape.patch, merge_size=2, size=area)
    kinds = {
        "qwen2_vl": (transformers.Qwen2VLProcessor, transformers.Qwen2VLVideoProcessor),
        "qwen3_vl": (transformers.Qwen3VLProcessor, transformers.Qwen3VLVideoProcessor),
    }
    processor, videos = kinds[shape.model_type]
    return processor(
        image_processor=images,
        tokenizer=tokenizer,
        video_processor=videos(patch_size=shape.patch),
        chat_template=CHAT_TEMPLATE,
    )


def _random_model(shape: Shape, tokenizer: PreTrainedTokenizerFast, seed: int) -> PreTrainedModel:
    """Allocated once, in bfloat16: 2 bytes a parameter, and nothing is ever copied."""
    import torch
    import transformers

    from yofo_rerank.prompts import token_id

    kinds = {
        "qwen2_vl": (transformers.Qwen2VLConfig, transformers.Qwen2VLForConditionalGeneration),
        "qwen3_vl": (transformers.Qwen3VLConfig, transformers.Qwen3VLForConditionalGeneration),
    }
    config_class, model_class = kinds[shape.model_type]
    ids = {token: token_id(tokenizer, token) for token in CONTROL_TOKENS}
    config = config_class(
        text_config=text_config(shape)
        | {"pad_token_id": ids["<|endoftext|>"], "bos_token_id": None, "eos_token_id": ids["<|im_end|>"]},
        vision_config=vision_config(shape),
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
        dtype="bfloat16",
    )
    with torch.device("meta"):
        model = model_class(config)
    model = model.to(torch.bfloat16).to_empty(device="cpu")
    model.tie_weights()
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=SCALE)
            else:
                parameter.fill_(1.0)  # norms
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return model


def _save_adapter(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A random LoRA adapter of the library's own layout: language model alone, new token rows trained."""
    import torch

    from yofo_rerank.models.config import YofoConfig
    from yofo_rerank.models.fingerprint import base_fingerprint
    from yofo_rerank.models.tokens import add_special_tokens
    from yofo_rerank.prompts import get_format
    from yofo_rerank.training.adapt import add_lora
    from yofo_rerank.training.config import LoraSettings

    layout = get_format("yofo-v1")
    fingerprint = base_fingerprint(model)
    adapted = add_lora(model, LoraSettings(rank=LORA_RANK), add_special_tokens(tokenizer, model, layout.special_tokens))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:  # zero so far, which would be no adapter at all
                parameter.normal_(std=SCALE)
    adapted.save_pretrained(str(folder))
    tokenizer.save_pretrained(folder)
    YofoConfig(
        format=layout.name,
        format_version=layout.version,
        base_model="random weights",
        base_fingerprint=fingerprint,
        special_tokens=layout.special_tokens,
    ).save(folder)


def main(
    shape: Annotated[str, typer.Argument(help="qwen3-vl-2b or qwen2-vl-2b")],
    folder: Annotated[Path, typer.Argument(help="where base/ and adapter/ go")],
    layers: Annotated[int, typer.Option(min=0, help="fewer layers, to try it out; 0 = all")] = 0,
    pixels: Annotated[int, typer.Option(min=32, help="pixels a side of an image")] = 448,
) -> None:
    """Build one model; prints a JSON report."""
    wanted = get_shape(shape)
    typer.echo(json.dumps(build(wanted.reduced(layers) if layers else wanted, folder, pixels=pixels)))


if __name__ == "__main__":
    typer.run(main)
