"""The base model as a folder that `from_pretrained` loads: half-precision on disk, float32 in use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from yofo_rerank.mini.architecture import build_processor, build_tokenizer

if TYPE_CHECKING:
    from transformers import Qwen3VLForConditionalGeneration


def save_base(model: Qwen3VLForConditionalGeneration, folder: Path) -> None:
    """Write model and processor; float16 keeps 3 bits more than bfloat16 and the weights are small numbers."""
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.half().save_pretrained(folder)
    model.float().load_state_dict(tensors)
    config = json.loads((folder / "config.json").read_text())
    for part in (config, config["text_config"], config["vision_config"]):
        part["dtype"] = "float32"  # what `dtype="auto"` computes in
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    build_processor(build_tokenizer()).save_pretrained(folder)


def load_state(model: torch.nn.Module, path: Path, name: str) -> None:
    """Take the weights of one module out of a run's checkpoint."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    model.load_state_dict(
        {key[len(name) + 1 :]: tensor for key, tensor in tensors.items() if key.startswith(f"{name}|")}
    )
